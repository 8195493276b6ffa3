import { expect, test } from '../support/flow';
import { countLoads, heading, open, openLive, row, said } from '../support/page';

test('a person is made, gets access by a team, signs in by a link, and is shut out live', async ({
	admin,
	browse,
	browseAs
}) => {
	const place = await admin.create('workspace', 'Shop');
	await admin.system('Checkout', place);
	const owner = await browseAs(await admin.me());
	await openLive(owner, '/people');

	await owner.getByRole('link', { name: 'New person' }).click();
	await owner.getByLabel('Name', { exact: true }).fill('Kari Nordmann');
	await owner.getByLabel('Sign-in name').fill('Not A Login');
	await owner.getByRole('button', { name: 'Create' }).click();
	await expect(owner.getByLabel('Sign-in name')).toHaveAttribute('aria-invalid', 'true');
	await owner.getByLabel('Sign-in name').fill('kari');
	await owner.getByRole('button', { name: 'Create' }).click();
	await expect(heading(owner, 'Kari Nordmann')).toBeVisible();
	const person = new URL(owner.url()).pathname;

	await owner.goto('/teams/new');
	await owner.getByLabel('Name', { exact: true }).fill('On call');
	await owner.getByRole('button', { name: 'Create' }).click();
	await expect(heading(owner, 'On call')).toBeVisible();
	await owner.getByRole('button', { name: 'Add a member' }).click();
	const members = owner.getByRole('dialog', { name: 'Add a member' });
	await members.getByRole('radio', { name: 'Kari Nordmann' }).check();
	await members.getByRole('button', { name: 'Add' }).click();
	await expect(owner.getByRole('region', { name: 'Members' }).getByRole('link', { name: 'Kari Nordmann' })).toBeVisible();
	await owner.getByRole('button', { name: 'Give access' }).click();
	const grant = owner.getByRole('dialog', { name: 'Give access' });
	await grant.getByRole('radio', { name: 'Shop' }).check();
	await grant.getByRole('button', { name: 'Give access' }).click();
	await expect(owner.getByRole('region', { name: 'Access' }).getByRole('link', { name: 'Shop' })).toBeVisible();

	await owner.goto(`${person}?tab=profile`);
	await owner.getByRole('button', { name: 'Make a sign-in link' }).click();
	const link = await owner.getByTestId('secret').inputValue();

	const page = await browse();
	await open(page, link);
	await page.getByRole('button', { name: 'Sign me in' }).click();
	await expect(heading(page, 'Welcome, Kari Nordmann')).toBeVisible();
	await page.getByRole('link', { name: 'Later' }).click();
	await expect(row(page, 'Checkout')).toBeVisible();
	await expect(page.getByRole('link', { name: 'New system' }), 'a team gives members the right to add').toBeVisible();
	const loads = countLoads(page);

	await owner.getByLabel('Disabled').check();
	await owner.getByRole('button', { name: 'Save' }).click();
	await expect(heading(page, 'Sign in')).toBeVisible();
	await expect(page.getByRole('status').filter({ hasText: 'Your session ended.' })).toBeVisible();
	await expect(said(page)).not.toContainText('Checkout');
	expect(loads()).toBe(0);
	await page.goto('/');
	await expect(heading(page, 'Sign in')).toBeVisible();
});
