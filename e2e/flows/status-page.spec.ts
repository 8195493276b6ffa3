import { randomBytes } from 'node:crypto';
import type { Api, Node } from '../support/api';
import { barriers } from '../support/axe';
import { expect, test } from '../support/flow';
import { countLoads } from '../support/page';

// Without a key no secret is kept, and so no connection: a page without a mail server asks nobody for an address.
test.use({ configuration: `[secrets]\nkey = "${randomBytes(32).toString('base64')}"\n` });

const hour_ms = 3_600_000;

/** A public page that shows a system and a group, in a workspace that is its members' alone. */
async function publish(admin: Api): Promise<{ shop: Node; hidden: Node }> {
	const place = await admin.create('workspace', 'Payments');
	const shop = await admin.system('checkout-prod-1', place);
	const hidden = await admin.system('hidden-db-7', place);
	const group = await admin.create('group', 'Databases', { parent_id: place.id });
	await admin.system('Primary', group);
	const [made] = await admin.intend({
		type: 'create_status_page',
		parent_id: place.id,
		title: 'Acme status',
		status_page: { slug: 'acme', headline: 'How Acme does', published: true },
		visibility: 'public'
	});
	const connection = { host: 'mail.invalid', security: 'none', sender: 'status@example.org' } as const;
	await admin.intend({ type: 'create_connection', parent_id: place.id, title: 'Mail', channel: 'smtp', connection });
	if (!made?.node) throw new Error('no status page was made');
	const entries = [{ target_id: shop.id, label: 'Shop' }, { target_id: group.id }];
	await admin.intend({ type: 'set_status_page_entries', id: made.node.id, version: made.node.version, entries });
	return { shop, hidden };
}

/** A maintenance of these that is under way, with a word for everybody and one for members. */
async function work(admin: Api, affects: Node[]): Promise<Node> {
	const [made] = await admin.intend({
		type: 'plan_maintenance',
		title: 'New disks',
		maintenance: {
			starts_at: new Date(Date.now() + hour_ms).toISOString(),
			ends_at: new Date(Date.now() + 2 * hour_ms).toISOString(),
			affects: affects.map(({ id }) => id)
		}
	});
	if (!made?.node) throw new Error('nothing was planned');
	const { id } = made.node;
	await admin.intend(
		{ type: 'start_maintenance', id },
		{ type: 'add_maintenance_update', id, update: { message: 'Half of them are in.', audience: 'public' } },
		{ type: 'add_maintenance_update', id, update: { message: 'internal-note', audience: 'internal' } }
	);
	return made.node;
}

test('somebody who is not signed in reads it, and sees it change without a reload', async ({ admin, browse }) => {
	const { shop, hidden } = await publish(admin);
	const page = await browse();
	const frames: string[] = [];
	page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => frames.push(String(payload))));
	await page.setViewportSize({ width: 390, height: 800 });
	await page.goto('/status/acme');
	await expect(page.getByRole('heading', { level: 1, name: 'Acme status' })).toBeVisible();
	await expect(page.locator('#live')).toHaveText('live');
	await expect(page.getByText('Databases', { exact: true })).toBeVisible();
	expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), 'no scrolling aside').toBe(true);
	expect(await barriers(page, 'all')).toEqual([]);
	await page.emulateMedia({ colorScheme: 'dark' });
	expect(await barriers(page, 'colours'), 'in the dark').toEqual([]);

	const loads = countLoads(page);
	const figures = page.locator('summary', { hasText: 'Shop' });
	await figures.focus();
	await page.keyboard.press('Enter');
	await expect(page.getByText(/ – .*: no data/).first()).toBeVisible();
	const { id } = await work(admin, [shop, hidden]);
	await expect(page.getByText('Maintenance under way')).toBeVisible();
	await expect(page.getByText('Half of them are in.')).toBeVisible();
	await expect(page.getByText('Affects: Shop')).toBeVisible();
	await expect(page.getByText(/ – .*: no data/).first(), 'what was open stays open').toBeVisible();
	expect(await barriers(page, 'all'), 'with a notice').toEqual([]);
	await admin.intend({ type: 'close_maintenance', id });
	await expect(page.getByText('Maintenance under way')).toBeHidden();
	await expect(page.locator('[data-part=history]')).toContainText('Completed');
	expect(loads()).toBe(0);

	const told = (await page.content()) + frames.join('\n');
	for (const secret of ['hidden-db-7', 'checkout-prod-1', 'internal-note']) expect(told).not.toContain(secret);
});

test('it is whole without a script, in the reader’s language, and small', async ({ admin, browser, server }) => {
	const { shop } = await publish(admin);
	await work(admin, [shop]);
	const context = await browser.newContext({ baseURL: server.url, javaScriptEnabled: false, locale: 'nb-NO' });
	const page = await context.newPage();
	let bytes = 0;
	page.on('response', async (response) => {
		bytes += (await response.body().catch(() => Buffer.alloc(0))).length;
	});
	await page.goto('/status/acme', { waitUntil: 'networkidle' });
	await expect(page.getByText('Vedlikehold pågår')).toBeVisible();
	await expect(page.getByText('Half of them are in.')).toBeVisible();
	await expect(page.locator('#live')).toHaveText('last på nytt for nyheter');
	expect(bytes).toBeLessThan(100_000);
	await page.getByLabel('Din adresse').fill('kari@example.org');
	await page.getByRole('button', { name: 'Abonner på e-post' }).click();
	await expect(page.getByRole('heading', { name: 'Se i innboksen din' })).toBeVisible();
	await page.getByRole('link', { name: 'Til statussiden' }).click();
	await page.getByRole('link', { name: 'English' }).click();
	await expect(page.getByText('Maintenance under way')).toBeVisible();
	await context.close();
});

test('it says when it is not live, and when it is gone', async ({ admin, browse, server }) => {
	await publish(admin);
	const page = await browse();
	await page.goto('/status/acme');
	await expect(page.locator('#live')).toHaveText('live');
	const [{ id, version } = { id: '', version: 0 }] = (await admin.get<{ items: Node[] }>('/api/v1/status-pages')).items;
	await admin.intend({ type: 'update_status_page', id, version, status_page: { published: false } });
	await expect(page.locator('#live')).toHaveText('this page is not published any more');
	expect((await page.request.get(`${server.url}/status/acme`)).status()).toBe(404);
});
