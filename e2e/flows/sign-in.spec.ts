import { expect, test } from '../support/flow';
import { expectLive, heading, open } from '../support/page';

const password = 'three odd words';

test('the first sign-in is by a one-time link, the next by the password set then', async ({ server, browse }) => {
	const page = await browse();
	await open(page, server.signInUrl);
	// Only the button uses the link up: a program that looks at it does not.
	await page.reload();
	await page.getByRole('button', { name: 'Sign me in' }).click();
	await expect(heading(page, 'Welcome, Administrator')).toBeVisible();
	await page.getByLabel('New password').fill(password);
	await page.getByRole('button', { name: 'Set password' }).click();
	await expect(heading(page, 'Overview')).toBeVisible();
	await expectLive(page);
	await expect(page.getByText('Start with a workspace')).toBeVisible();

	await page.getByRole('button', { name: 'Sign out' }).click();
	await expect(heading(page, 'Sign in')).toBeVisible();
	await page.goto('/account');
	await expect(page).toHaveURL('/sign-in?next=%2Faccount');

	await page.getByLabel('Sign-in name').fill('admin');
	await page.getByLabel('Password', { exact: true }).fill('three other words');
	await page.getByRole('button', { name: 'Sign in' }).click();
	await expect(page.getByRole('alert')).toContainText('Name or password is wrong.');
	await expect(page.getByLabel('Sign-in name')).toHaveValue('admin');

	await page.getByLabel('Password', { exact: true }).fill(password);
	await page.getByRole('button', { name: 'Sign in' }).click();
	await expect(page).toHaveURL('/account');
	await expect(heading(page, 'Account')).toBeVisible();

	const other = await browse();
	await open(other, server.signInUrl);
	await other.getByRole('button', { name: 'Sign me in' }).click();
	await expect(other.getByRole('alert')).toContainText('This link was used already or is too old.');
});
