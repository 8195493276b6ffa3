import { randomBytes } from 'node:crypto';
import type { Locator, Page } from '@playwright/test';
import { instance_id } from '../support/api';
import { barriers } from '../support/axe';
import { expect, test } from '../support/flow';
import { expectLive, field, heading, open, openLive, row } from '../support/page';

// Without a key no secret is kept, and so no connection.
test.use({ configuration: `[secrets]\nkey = "${randomBytes(32).toString('base64')}"\n` });

const password = 'three odd words';

/** In both themes, of which the second can only differ in colours. */
async function expectOpenToAll(page: Page, what: string): Promise<void> {
	await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
	await expect(page.locator('html')).not.toHaveClass(/dark/);
	expect(await barriers(page, 'all'), `${what}, light`).toEqual([]);
	await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
	await expect(page.locator('html')).toHaveClass(/dark/);
	expect(await barriers(page, 'colours'), `${what}, dark`).toEqual([]);
}

/** One of each thing that Markdown has. */
const described = '# Till\n\nWhere *people* pay: [how](https://example.org).\n\n- [x] `cash`\n\n> a | b\n> -|-\n> 1 | 2\n\n```\nopen\n```';

test('no page of systems and their places has a barrier', async ({ admin, browseAs, server }) => {
	const place = await admin.create('workspace', 'Shop');
	const group = await admin.create('group', 'Counter', { parent_id: place.id, body: described });
	const system = await admin.create('system', 'Checkout', {
		parent_id: group.id,
		system: { check: { type: 'http', url: `${server.url}/healthz` }, interval_s: 5 }
	});
	const failing = await admin.create('system', 'Till', {
		parent_id: group.id,
		system: { check: { type: 'http', url: `${server.url}/api/v1/nowhere` }, failures_to_down: 1 }
	});
	await admin.link('depends_on', system, failing);

	const page = await browseAs(await admin.me());
	await openLive(page, '/');
	await expect(row(page, 'Checkout')).toContainText('because Till is down');
	await expect(row(page, 'Till')).toContainText('Down');
	await expectOpenToAll(page, 'the overview');
	await visit(page, [
		`/workspaces/${place.id}`,
		`/workspaces/${place.id}?tab=access`,
		`/workspaces/${place.id}?tab=settings`,
		'/workspaces/new',
		`/groups/${group.id}`,
		`/groups/${group.id}?tab=access`,
		`/groups/${group.id}/edit`,
		'/groups/new',
		`/systems/${failing.id}`,
		`/systems/${failing.id}?tab=access`,
		`/systems/${system.id}/edit`,
		'/systems/new',
		'/systems',
		'/systems?q=nonsense',
		'/views',
		'/views/new',
		'/environments'
	]);
	await openLive(page, '/nowhere');
	await expect(page.getByText('Nothing here')).toBeVisible();
	await expectOpenToAll(page, 'a wrong address');
	await openLive(page, `/systems/${system.id}`);
	await page.getByRole('button', { name: 'Delete' }).click();
	await expect(page.getByRole('dialog')).toBeVisible();
	await expectOpenToAll(page, 'a dialog');
});

test('no page of the catalog has a barrier', async ({ admin, browseAs }) => {
	const place = await admin.create('workspace', 'Shop');
	const group = await admin.create('group', 'Counter', { parent_id: place.id });
	await admin.create('group', 'Kitchen', { parent_id: place.id });
	const system = await admin.system('Checkout', group);
	const environment = await admin.create('environment', 'Production', { parent_id: place.id });
	await admin.link('runs_in', system, environment);
	const [{ node: view } = {}] = await admin.intend({ type: 'create_view', parent_id: place.id, title: 'All', view: {} });
	const device = { imei: '356307042441013' };
	const [{ node: van } = {}] = await admin.intend({ type: 'create_device', parent_id: place.id, title: 'Van', device });
	const mailbox = { title: 'Support', email: 'support@example.org' };
	const [{ edge } = {}] = await admin.intend({ type: 'add_contact', target_id: system.id, contact: { mailbox, role: 'vendor' } });

	const page = await browseAs(await admin.me());
	await visit(page, [
		`/systems/${system.id}`,
		`/groups/${group.id}`,
		`/views/${view?.id}`,
		`/views/${view?.id}/edit`,
		'/views',
		`/environments/${environment.id}`,
		`/environments/${environment.id}/edit`,
		'/environments',
		'/environments/new',
		`/contacts/${edge?.source_id}`,
		`/fleet/${van?.id}`
	]);
	await openLive(page, `/workspaces/${place.id}`);
	await page.getByRole('button', { name: 'Order' }).click();
	await expectOpenToAll(page, 'the order of groups');
	await openLive(page, '/systems');
	await page.getByRole('button', { name: 'Select' }).click();
	await page.getByRole('checkbox', { name: 'Select Checkout' }).check();
	await expectOpenToAll(page, 'systems that are chosen');
	await page.keyboard.press('Control+k');
	await expect(page.getByRole('dialog').getByRole('option').first()).toBeVisible();
	await expectOpenToAll(page, 'the palette');
});

test('no page of conversations, boards and notes has a barrier', async ({ admin, browseAs }) => {
	const place = await admin.create('workspace', 'Shop');
	const system = await admin.system('Checkout', place);
	const channel = await admin.post<{ id: string }>('/api/v1/channels', { parent_id: place.id, title: 'Talk', body: described });
	const said = { id: crypto.randomUUID(), body: `See [Checkout](node:${system.id}).\n\n${described}` };
	await admin.post(`/api/v1/channels/${channel.id}/messages`, said);
	await admin.post(`/api/v1/channels/${channel.id}/messages`, { id: crypto.randomUUID(), body: 'Yes.', thread_id: said.id });
	const board = await admin.post<{ id: string }>('/api/v1/boards', { parent_id: place.id, title: 'Move' });
	const column = await admin.post<{ id: string }>(`/api/v1/boards/${board.id}/columns`, { title: 'To do' });
	await admin.post(`/api/v1/boards/${board.id}/cards`, { column_id: column.id, title: 'Pack', body: said.body });
	const note = await admin.post<{ id: string }>('/api/v1/notes', { parent_id: place.id, title: 'How', body: described });

	const page = await browseAs(await admin.me());
	await visit(page, [
		'/channels',
		'/channels?tab=mentions',
		'/channels/new',
		`/channels/${channel.id}`,
		`/channels/${channel.id}?thread=${said.id}`,
		`/channels/${channel.id}?tab=files`,
		`/channels/${channel.id}?tab=access`,
		`/channels/${channel.id}/edit`,
		'/boards',
		'/boards/new',
		`/boards/${board.id}`,
		`/boards/${board.id}/edit`,
		'/notes',
		'/notes/new',
		`/notes/${note.id}`,
		`/notes/${note.id}/edit`,
		`/systems/${system.id}`
	]);
});

test('no page of people and accounts has a barrier', async ({ admin, browse, browseAs }) => {
	const kari = await admin.person('kari', 'Kari Nordmann');
	const team = await admin.create('team', 'On call');
	await admin.link('member_of', kari, team);
	await admin.link('member_of', team, await admin.create('workspace', 'Shop'));
	const stranger = await browse();
	for (const path of ['/sign-in', '/sign-in/link#nonsense']) {
		await open(stranger, path);
		await expect(stranger.getByRole('heading', { level: 1 })).toBeVisible();
		await expectOpenToAll(stranger, path);
	}
	await visit(await browseAs(await admin.me()), [
		'/people',
		'/people/new',
		`/people/${kari.id}`,
		`/people/${kari.id}?tab=profile`,
		`/teams/${team.id}`,
		`/teams/${team.id}?tab=settings`,
		'/teams/new',
		'/account',
		'/connections/new',
		'/status-pages/new',
		'/admin/health',
		'/admin/jobs',
		'/admin/jobs?tab=cron',
		'/admin/maintenance',
		'/maintenances',
		'/maintenances/new'
	]);
});

test('no page of messages and of what others see has a barrier', async ({ admin, browseAs }) => {
	const place = await admin.create('workspace', 'Shop');
	const system = await admin.system('Checkout', place);
	await admin.post('/api/v1/subscriptions', {});
	await admin.intend({ type: 'open_incident', title: 'Slow payments', incident: { affects: [system.id] } });
	const [mail, status] = await admin.intend(
		{
			type: 'create_connection',
			parent_id: place.id,
			title: 'Mail',
			channel: 'smtp',
			connection: { host: '127.0.0.1', port: 1, security: 'tls', sender: 'synops@example.org', password: 'kept' }
		},
		{
			type: 'create_status_page',
			parent_id: place.id,
			title: 'Acme status',
			status_page: { slug: 'acme', published: true },
			visibility: 'public'
		}
	);
	if (!mail?.node || !status?.node) throw new Error('nothing was made');
	await admin.intend({ type: 'set_status_page_entries', id: status.node.id, version: status.node.version, entries: [{ target_id: system.id }] });
	const page = await browseAs(await admin.me());
	await openLive(page, '/notifications');
	await expect(page.getByRole('main').getByText('Incident opened')).toBeVisible();
	await visit(page, [
		'/notifications',
		'/account?tab=notifications',
		'/connections',
		`/connections/${mail.node.id}`,
		`/connections/${mail.node.id}/edit`,
		`/connections/${mail.node.id}?tab=templates`,
		'/status-pages',
		`/status-pages/${status.node.id}`,
		`/status-pages/${status.node.id}?tab=access`,
		`/status-pages/${status.node.id}/edit`,
		'/deliveries',
		'/admin/cache'
	]);
	await openLive(page, `/systems/${system.id}`);
	await page.getByTestId('watch').click();
	await page.getByRole('dialog').getByLabel('Only these').check();
	await expectOpenToAll(page, 'watching');
});

test('no page of incidents, maintenances and announcements has a barrier', async ({ admin, browseAs }) => {
	const place = await admin.create('workspace', 'Shop');
	const till = await admin.system('Till', place);
	const results = await admin.intend(
		{
			type: 'open_incident',
			title: 'Payments fail',
			body: described,
			incident: { affects: [till.id], severity: 'critical', health_override: 'down', suppress: true },
			update: { message: 'We are at it.', audience: 'internal' }
		},
		{ type: 'create_announcement', parent_id: instance_id, title: 'No lift', body: described, announcement: { severity: 'critical' } },
		{ type: 'create_announcement', parent_id: instance_id, title: 'No stairs', announcement: { severity: 'warning', style: 'page' } },
		{
			type: 'create_maintenance_series',
			title: 'Weekly restart',
			series: {
				starts_at: '2026-01-04T03:00:00',
				timezone: 'Europe/Oslo',
				duration_s: 3_600,
				rule: 'FREQ=WEEKLY;BYDAY=SU',
				plan: { affects: [till.id] }
			}
		}
	);
	const [incident, , announcement] = results.map(({ node }) => node?.id);
	await admin.intend({ type: 'add_incident_update', id: incident ?? '', update: { message: 'Found.', audience: 'public', state_change: 'identified' } });
	await visit(await browseAs(await admin.me()), [
		'/incidents',
		'/incidents/new',
		`/incidents/${incident}`,
		`/incidents/${incident}/edit`,
		'/maintenances?tab=calendar',
		'/maintenances?tab=calendar&span=week',
		'/maintenances?tab=series',
		`/maintenances/series/${results[3]?.series?.id}`,
		`/maintenances/series/${results[3]?.series?.id}/edit`,
		'/announcements',
		'/announcements/new',
		`/announcements/${announcement}`,
		`/announcements/${announcement}/edit`
	]);
});

async function visit(page: Page, paths: string[]): Promise<void> {
	for (const path of paths) {
		await openLive(page, path);
		await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
		await expectOpenToAll(page, path);
	}
}

/** Goes on by Tab until this has the focus. */
async function tabTo(page: Page, target: Locator): Promise<void> {
	const focused = () => target.evaluate((element) => element === document.activeElement);
	for (let presses = 0; presses < 60 && !(await focused()); presses++) await page.keyboard.press('Tab');
	await expect(target, 'by keyboard alone').toBeFocused();
}

test('signing in and making a system takes no mouse', async ({ admin, browse, server }) => {
	await admin.setPassword(password);
	await admin.create('workspace', 'Shop');
	const page = await browse();
	await open(page, '/sign-in');
	await tabTo(page, page.getByLabel('Sign-in name'));
	await page.keyboard.type('admin');
	await tabTo(page, page.getByLabel('Password', { exact: true }));
	await page.keyboard.type(password);
	await page.keyboard.press('Enter');
	await expect(heading(page, 'Overview')).toBeVisible();
	await expectLive(page);

	await page.getByRole('main').focus();
	await tabTo(page, page.getByRole('main').getByRole('link', { name: 'New system' }).first());
	await page.keyboard.press('Enter');
	await expect(field(page, 'Title')).toBeFocused();
	await page.keyboard.type('Checkout');
	await tabTo(page, field(page, 'Place'));
	await page.keyboard.type('Shop');
	await tabTo(page, field(page, 'URL'));
	await page.keyboard.type(`${server.url}/healthz`);
	await tabTo(page, page.getByRole('button', { name: 'Create' }));
	await page.keyboard.press('Enter');
	await expect(heading(page, 'Checkout')).toBeVisible();
	await expect(page.getByTestId('state')).toContainText('Up');

	// A dialog takes the focus, keeps it, and gives it back.
	const remove = page.getByRole('button', { name: 'Delete' });
	await tabTo(page, remove);
	await page.keyboard.press('Enter');
	const dialog = page.getByRole('dialog');
	await expect(dialog).toBeVisible();
	await tabTo(page, dialog.getByRole('button', { name: 'Cancel' }));
	await page.keyboard.press('Escape');
	await expect(dialog).toBeHidden();
	await expect(remove).toBeFocused();
});
