import type { Page } from '@playwright/test';
import { expect, test } from '../support/flow';
import { countLoads, field, heading, openLive, said } from '../support/page';

const names = (page: Page) => page.locator('[data-part=systems] .row > span:first-child');
const handle = (page: Page, title: string) => page.getByRole('button', { name: new RegExp(`^Move ${title},`) });

test('a status page is made, filled and ordered, and its readers see it at once', async ({ admin, browse, browseAs }) => {
	const place = await admin.create('workspace', 'Shop');
	await admin.system('Checkout', place);
	await admin.system('Basket', place);
	const page = await browseAs(await admin.me());
	await openLive(page, '/status-pages/new');
	await field(page, 'Title').fill('Acme status');
	const address = page.getByLabel('Address', { exact: true });
	await expect(address, 'an address of the title').toHaveValue('acme-status');
	await address.fill('acme');
	await field(page, 'Place').selectOption('Shop');
	await field(page, 'Published').check();
	await page.getByRole('button', { name: 'Create' }).click();
	await expect(heading(page, 'Acme status')).toBeVisible();

	const reader = await browse();
	await reader.goto('/status/acme');
	await expect(reader.locator('#live')).toHaveText('live');
	const loads = countLoads(reader);
	await page.getByRole('main').getByRole('button', { name: 'Add', exact: true }).click();
	const dialog = page.getByRole('dialog');
	await dialog.getByLabel('Checkout').check();
	await dialog.getByLabel('Basket').check();
	await dialog.getByRole('button', { name: 'Done' }).click();
	await page.getByLabel('Label of Basket').fill('Cart');
	await handle(page, 'Basket').focus();
	await page.keyboard.press('ArrowUp');
	await expect(handle(page, 'Basket'), 'it keeps the focus').toBeFocused();
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(names(reader)).toHaveText(['Cart', 'Checkout']);
	const preview = page.frameLocator('[data-testid=status-preview]');
	await expect(preview.locator('[data-part=systems] .row > span:first-child')).toHaveText(['Cart', 'Checkout']);

	await page.getByRole('link', { name: 'Edit' }).click();
	await field(page, 'Headline').fill('How Acme does');
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(reader.getByText('How Acme does')).toBeVisible();
	expect(loads()).toBe(0);
});

test('of two who arrange the same page, the second is told before theirs is replaced', async ({ admin, browseAs }) => {
	const place = await admin.create('workspace', 'Shop');
	const systems = [await admin.system('Checkout', place), await admin.system('Basket', place)];
	const [made] = await admin.intend({
		type: 'create_status_page',
		parent_id: place.id,
		title: 'Acme status',
		status_page: { slug: 'acme' }
	});
	const node = made?.node;
	if (!node) throw new Error('no status page was made');
	const entries = systems.map(({ id }) => ({ target_id: id }));
	await admin.intend({ type: 'set_status_page_entries', id: node.id, version: node.version, entries });
	const me = await admin.me();
	const first = await browseAs(me);
	const second = await browseAs(me);
	await openLive(first, `/status-pages/${node.id}`);
	await openLive(second, `/status-pages/${node.id}`);
	await expect(said(first)).toContainText('Publish it to see the page as its readers do.');

	await second.getByLabel('Label of Checkout').fill('Till');
	await handle(first, 'Basket').focus();
	await first.keyboard.press('ArrowUp');
	await first.getByRole('button', { name: 'Save' }).click();
	await expect(second.getByRole('alert')).toContainText('Somebody else changed the page meanwhile.');
	await expect(second.getByLabel('Label of Checkout'), 'what was typed is there').toHaveValue('Till');
	await second.getByRole('button', { name: 'Take theirs' }).click();
	await expect(handle(second, 'Basket')).toHaveAccessibleName(/1 of 2/);
	await expect(second.getByLabel('Label of Checkout')).toHaveValue('');
});

test('who may only read it sees no buttons, and nobody else sees it', async ({ admin, browse, browseAs }) => {
	const place = await admin.create('workspace', 'Shop');
	const kari = await admin.person('kari', 'Kari Nordmann');
	await admin.link('reader', kari, place);
	const [made] = await admin.intend({ type: 'create_status_page', parent_id: place.id, title: 'Acme status', status_page: { slug: 'acme' } });
	const page = await browseAs(kari);
	await openLive(page, `/status-pages/${made?.node?.id}`);
	await expect(heading(page, 'Acme status')).toBeVisible();
	for (const name of ['Edit', 'Delete', 'Add']) await expect(page.getByRole('main').getByRole('button', { name, exact: true })).toHaveCount(0);
	await openLive(page, '/admin/cache');
	await expect(said(page)).toContainText('Only administrators of this Synops see its cache.');
	const stranger = await browse();
	await stranger.goto(`/status-pages/${made?.node?.id}`);
	await expect(stranger.getByRole('heading', { name: 'Sign in' })).toBeVisible();
});
