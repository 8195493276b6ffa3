import type { Page } from '@playwright/test';
import { barriers } from '../support/axe';
import { expect, test } from '../support/flow';
import { countLoads, field, heading, open, openLive } from '../support/page';

const state = (page: Page) => page.getByTestId('incident-state').first();
const updates = (page: Page) => page.getByRole('region', { name: 'Updates' });
const step = (page: Page) => page.getByTestId('incident-steps').locator('[aria-current=step]');

test('an incident goes from opening to resolving, and everybody is told what is for them', async ({
	admin,
	browse,
	browseAs
}) => {
	const place = await admin.create('workspace', 'Shop', { scope: { visibility: 'public' } });
	const checkout = await admin.system('Checkout', place);
	await admin.system('Till', place);
	const kari = await admin.person('kari', 'Kari Nordmann');
	const ola = await admin.person('ola', 'Ola Nordmann');
	await admin.link('member_of', kari, place);
	const [at, watching, stranger] = [await browseAs(kari), await browseAs(ola), await browse()];
	for (const page of [watching, stranger]) await openLive(page, '/incidents');
	await expect(stranger.getByText('No incident is open.')).toBeVisible();
	await expect(stranger.getByRole('link', { name: 'Open an incident' })).toHaveCount(0);
	const loads = [watching, stranger].map(countLoads);

	await openLive(at, `/incidents/new?affects=${checkout.id}`);
	await expect(at.getByRole('checkbox', { name: 'Checkout' })).toBeChecked();
	await field(at, 'Title').fill('Payments fail');
	await field(at, 'Severity').selectOption('major');
	await field(at, 'State of what it affects').selectOption('down');
	await field(at, 'Links').fill('Runbook without an address');
	await expect(at.getByRole('button', { name: 'Open it' })).toBeDisabled();
	await field(at, 'Links').fill('Runbook https://wiki.example.org/pay');
	await field(at, 'Message').fill('We see **refused** cards.');
	await field(at, 'For whom').selectOption('public');
	await at.getByRole('button', { name: 'Open it' }).click();
	await expect(heading(at, 'Payments fail')).toBeVisible();
	await expect(at.getByRole('link', { name: 'Runbook' })).toHaveAttribute('href', 'https://wiki.example.org/pay');
	await expect(at.getByRole('region', { name: 'Affects' })).toContainText('Checkout');

	// The others see it come, in the list and beside it, and read what is for them.
	for (const page of [watching, stranger]) {
		await expect(page.getByRole('region', { name: 'Open', exact: true })).toContainText('Payments fail');
		await expect(page.getByTestId('open-incidents').filter({ visible: true })).toContainText('1');
		await page.getByRole('link', { name: 'Payments fail' }).click();
		await expect(updates(page)).toContainText('We see refused cards.');
		await expect(page.getByRole('button', { name: 'Post an update' })).toHaveCount(0);
	}
	await at.getByRole('button', { name: 'I am at it' }).click();
	for (const page of [at, watching, stranger]) await expect(page.getByText(/(Kari Nordmann|Somebody) is at it/)).toBeVisible();
	await expect(at.getByRole('button', { name: 'I am at it' })).toHaveCount(0);

	await at.getByTestId('incident-steps').getByRole('button', { name: 'Identified' }).click();
	const dialog = at.getByRole('dialog');
	await expect(dialog.getByLabel('New state')).toHaveValue('identified');
	await dialog.getByLabel('Message').fill('A certificate ran out.');
	await dialog.getByLabel('For whom').selectOption('internal');
	await dialog.getByRole('button', { name: 'Post' }).click();
	for (const page of [at, watching, stranger]) {
		await expect(state(page)).toHaveAttribute('data-state', 'identified');
		await expect(step(page)).toContainText('Identified');
	}
	await expect(updates(at)).toContainText('A certificate ran out.');
	await expect(updates(at).locator('[data-audience=internal]')).toHaveText('Members only');
	for (const page of [watching, stranger]) await expect(updates(page)).not.toContainText('certificate');

	await at.getByRole('button', { name: 'Resolve', exact: true }).click();
	await dialog.getByLabel('Message').fill('Cards work again.');
	await dialog.getByRole('button', { name: 'Resolve' }).click();
	for (const page of [at, watching, stranger]) {
		await expect(state(page)).toHaveAttribute('data-state', 'resolved');
		await expect(updates(page)).toContainText('Cards work again.');
		await expect(page.getByTestId('open-incidents').filter({ visible: true })).toHaveCount(0);
	}
	expect(await barriers(at, 'all')).toEqual([]);
	await watching.getByRole('navigation', { name: 'Payments fail' }).getByRole('link', { name: 'Incidents' }).click();
	await expect(watching.getByRole('region', { name: 'Resolved' })).toContainText('Payments fail');
	expect(loads.map((count) => count())).toEqual([0, 0]);
});

test('what was told is edited, and says what it said before to whoever was told', async ({ admin, browse, browseAs }) => {
	const place = await admin.create('workspace', 'Shop', { scope: { visibility: 'public' } });
	const till = await admin.system('Till', place);
	const [made] = await admin.intend({
		type: 'open_incident',
		title: 'Tills are slow',
		incident: { affects: [till.id] },
		update: { message: 'All tills are slow.', audience: 'public' }
	});
	const path = `/incidents/${made?.node?.id}`;
	const me = await admin.me();
	const [first, second, stranger] = [await browseAs(me), await browseAs(me), await browse()];
	for (const page of [first, second, stranger]) {
		await openLive(page, path);
		await expect(updates(page)).toContainText('All tills are slow.');
	}
	for (const page of [first, second]) await page.getByRole('button', { name: 'Edit this update' }).click();
	await second.getByRole('dialog').getByLabel('Message').fill('Of the second.');
	await first.getByRole('dialog').getByLabel('Message').fill('Two tills are slow.');
	await first.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
	for (const page of [first, stranger]) await expect(updates(page)).toContainText('Two tills are slow.');

	// The second is told before anything is overwritten, and keeps what was typed.
	const conflict = second.getByTestId('conflict');
	await expect(conflict).toContainText('Two tills are slow.');
	await expect(second.getByRole('dialog').getByLabel('Message')).toHaveValue('Of the second.');
	await expect(second.getByRole('button', { name: 'Save' })).toBeDisabled();
	await conflict.getByRole('button', { name: 'Keep mine' }).click();
	await second.getByRole('button', { name: 'Save' }).click();
	await expect(updates(stranger)).toContainText('Of the second.');

	await updates(stranger).getByRole('button', { name: /edited/ }).click();
	const edits = stranger.getByTestId('edits').getByRole('listitem');
	await expect(edits).toHaveCount(2);
	await expect(edits.first()).toContainText('Two tills are slow.');
	await expect(edits.last()).toContainText('All tills are slow.');
	expect(await barriers(stranger, 'all')).toEqual([]);
});

test('incidents are found by state, severity and title, and changed without losing what is typed', async ({ admin, browseAs }) => {
	const place = await admin.create('workspace', 'Shop');
	const till = await admin.system('Till', place);
	const incident = { affects: [till.id] };
	const [minor] = await admin.intend(
		{ type: 'open_incident', title: 'Slow tills', incident },
		{ type: 'open_incident', title: 'No network', incident: { ...incident, severity: 'critical' } }
	);
	const page = await browseAs(await admin.me());
	await openLive(page, '/incidents');
	const list = page.getByRole('region', { name: 'Open', exact: true });
	await expect(list.getByRole('listitem')).toHaveCount(2);
	await field(page, 'Severity').selectOption('critical');
	await expect(list).not.toContainText('Slow tills');
	await expect(page).toHaveURL(/severity=critical/);
	await page.goto(page.url());
	await expect(list).toContainText('No network');
	await expect(list).not.toContainText('Slow tills');
	await field(page, 'Severity').selectOption('');
	await page.getByRole('searchbox', { name: 'Search in titles and texts' }).fill('slow');
	await expect(list.getByRole('listitem')).toHaveCount(1);
	await expect(list).toContainText('Slow tills');

	const other = await browseAs(await admin.me());
	await open(page, `/incidents/${minor?.node?.id}/edit`);
	await openLive(other, `/incidents/${minor?.node?.id}/edit`);
	await field(page, 'Description').fill('Since the change of last night.');
	await field(other, 'Severity').selectOption('major');
	await other.getByRole('button', { name: 'Save' }).click();
	await expect(heading(other, 'Slow tills')).toBeVisible();
	await expect(page.getByTestId('conflict').getByRole('row').nth(1)).toHaveText(/Severity\s*Major\s*–/);
	await page.getByRole('button', { name: 'Keep mine' }).click();
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(heading(page, 'Slow tills')).toBeVisible();
	await expect(page.getByText('Since the change of last night.')).toBeVisible();
	await expect(page.locator('[data-severity=major]')).toBeVisible();
});
