import type { Page } from '@playwright/test';
import type { Api, Node } from '../support/api';
import { expect, test } from '../support/flow';
import { countLoads, field, heading, openLive, said } from '../support/page';

/** Both are in the page, one per width; the other one is hidden. */
const bell = (page: Page) => page.getByTestId('bell').filter({ visible: true });
const part = (page: Page, name: string) => page.getByRole('region', { name, exact: true });

async function incident(admin: Api, system: Node, title: string): Promise<Node> {
	const [made] = await admin.intend({
		type: 'open_incident',
		title,
		incident: { affects: [system.id] },
		update: { message: 'We are looking into it.', audience: 'signed_in' }
	});
	if (!made?.node) throw new Error('no incident was opened');
	return made.node;
}

test('what happens to something watched shows on the bell of every open page, and is read on all', async ({ admin, browseAs }) => {
	const place = await admin.create('workspace', 'Shop');
	const system = await admin.system('Checkout', place);
	const other = await admin.system('Basket', place);
	const kari = await admin.person('kari', 'Kari Nordmann');
	await admin.link('reader', kari, place);
	const page = await browseAs(kari);
	const second = await browseAs(kari);
	await openLive(page, `/systems/${system.id}`);
	await openLive(second, '/account?tab=notifications');
	await expect(bell(page)).toHaveAccessibleName('Notifications');
	await page.getByTestId('watch').click();
	await page.getByRole('dialog').getByRole('button', { name: 'Watch', exact: true }).click();
	await expect(page.getByTestId('watch')).toContainText('Watching');
	await expect(page.getByTestId('watch'), 'the dialog gives the focus back').toBeFocused();

	const loads = [page, second].map(countLoads);
	await incident(admin, other, 'Empty baskets');
	const { id } = await incident(admin, system, 'Slow payments');
	for (const one of [page, second]) {
		await expect(bell(one)).toHaveAccessibleName('Notifications, 1 unread');
		await expect(one).toHaveTitle(/^\(1\) /);
	}

	await bell(page).click();
	await expect(heading(page, 'Notifications')).toBeVisible();
	const unread = part(page, 'Unread').getByRole('listitem');
	await expect(unread).toHaveCount(1);
	await expect(unread).toContainText('Incident opened');
	await admin.intend({ type: 'add_incident_update', id, update: { message: 'It was the disk.', audience: 'signed_in' } });
	await expect(unread.filter({ hasText: 'It was the disk.' }), 'one of both, about the same').toContainText('2×');
	await expect(unread).toHaveCount(1);
	await expect(said(page)).not.toContainText('Empty baskets');

	await page.getByRole('button', { name: 'Mark all as read' }).click();
	await expect(page.getByText('You have read everything.')).toBeVisible();
	for (const one of [page, second]) await expect(bell(one)).toHaveAccessibleName('Notifications');
	await expect(second).toHaveTitle(/^Account/);
	const earlier = part(page, 'Earlier').getByRole('listitem');
	await expect(earlier.getByRole('link', { name: 'Slow payments' })).toHaveAttribute('href', `/incidents/${id}`);
	await earlier.getByRole('button', { name: 'Delete: Slow payments' }).click();
	await expect(page.getByText('Nothing to read')).toBeVisible();
	expect(loads.map((count) => count())).toEqual([0, 0]);
});

test('a place that is watched covers what is in it, and the button says so', async ({ admin, browseAs }) => {
	const place = await admin.create('workspace', 'Shop');
	const group = await admin.create('group', 'Counter', { parent_id: place.id });
	const system = await admin.system('Till', group);
	const page = await browseAs(await admin.me());
	await openLive(page, `/workspaces/${place.id}`);
	await page.getByTestId('watch').click();
	const dialog = page.getByRole('dialog');
	await dialog.getByLabel('Only these').check();
	await expect(dialog.getByRole('button', { name: 'Watch', exact: true }), 'nothing is no choice').toBeDisabled();
	await dialog.getByRole('checkbox', { name: 'Systems', exact: true }).check();
	await dialog.getByRole('button', { name: 'Watch', exact: true }).click();
	await expect(page.getByTestId('watch')).toContainText('Watching');

	await openLive(page, `/systems/${system.id}`);
	await expect(page.getByTestId('watch')).toContainText('You are told through Shop');
	await page.getByTestId('watch').click();
	await expect(page.getByTestId('inherited')).toContainText('Shop: Down, Up again');
	await page.keyboard.press('Escape');

	await openLive(page, '/account?tab=notifications');
	const list = part(page, 'What you watch');
	await expect(list).toContainText('Down, Up again');
	await list.getByRole('button', { name: 'Stop watching Shop' }).click();
	await expect(list).toContainText('You watch nothing yet.');
	await list.getByRole('button', { name: 'Add' }).click();
	await dialog.getByRole('button', { name: 'Watch', exact: true }).click();
	await expect(list).toContainText('Everything you may see');
	await openLive(page, `/systems/${system.id}`);
	await expect(page.getByTestId('watch')).toContainText('You are told through Everything you may see');
});

test('how one is told is kept, and a time zone that is none is said at its field', async ({ admin, browseAs }) => {
	const page = await browseAs(await admin.me());
	await openLive(page, '/account?tab=notifications');
	await field(page, 'By mail').uncheck();
	await field(page, 'Quiet hours').check();
	await field(page, 'From').fill('23:30');
	await field(page, 'Time zone').fill('Nowhere');
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(page.getByText('a time zone like Europe/Oslo')).toBeVisible();
	await field(page, 'Time zone').fill('Europe/Oslo');
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(page.getByRole('button', { name: 'Save' }), 'nothing is left to save').toBeDisabled();
	await openLive(page, '/account?tab=notifications');
	await expect(field(page, 'By mail')).not.toBeChecked();
	await expect(field(page, 'From')).toHaveValue('23:30');
	await expect(field(page, 'Time zone')).toHaveValue('Europe/Oslo');
});
