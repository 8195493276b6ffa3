import type { Locator, Page } from '@playwright/test';
import type { Api, Node } from '../support/api';
import { expect, test } from '../support/flow';
import { countLoads, field, heading, openLive, row, said } from '../support/page';

const failing = (url: string) => ({ check: { type: 'http' as const, url: `${url}/api/v1/nowhere` }, failures_to_down: 1, interval_s: 86_400 });

const story = (page: Page, title: string): Locator =>
	page.getByTestId('story').filter({ has: page.getByRole('heading', { name: title, exact: true }) });

const card = (page: Page, title: string): Locator => page.getByRole('region', { name: title, exact: true });

async function dependsOn(admin: Api, system: Node, on: Node, impact: string): Promise<void> {
	await admin.intend({ type: 'create_edge', kind: 'depends_on', source_id: system.id, target_id: on.id, attrs: { impact } });
}

test('one failure is one story, with its cause, until all is clear', async ({ admin, browse, browseAs, server }) => {
	const place = await admin.create('workspace', 'Shop', { scope: { visibility: 'public' } });
	const till = await admin.system('Till', place);
	const shop = await admin.system('Web shop', place);
	const database = await admin.create('system', 'Database', {
		parent_id: place.id,
		system: { check: { type: 'http', url: `${server.url}/healthz` }, failures_to_down: 1, interval_s: 86_400 }
	});
	await dependsOn(admin, shop, database, 'critical');
	const editor = await browseAs(await admin.me());
	const stranger = await browse();
	await openLive(stranger, '/');
	await openLive(editor, `/systems/${till.id}`);
	await expect(stranger.getByTestId('all-clear')).toBeVisible();

	// The dependency is made by hand; what would run in a circle is refused with the way it would run.
	const link = async (how: string, title: string) => {
		await card(editor, 'Dependencies').getByRole('button', { name: 'Link', exact: true }).click();
		const dialog = editor.getByRole('dialog');
		await dialog.getByLabel('How').selectOption({ label: how });
		await dialog.getByRole('searchbox').fill(title);
		await dialog.getByRole('radio', { name: title }).check();
		await dialog.getByRole('button', { name: 'Link', exact: true }).click();
		return dialog;
	};
	await expect(await link('Depends on', 'Web shop')).toBeHidden();
	const refused = await link('Needed by', 'Database');
	await expect(refused).toContainText('Database → Till → Web shop → Database');
	await refused.getByRole('button', { name: 'Cancel' }).click();
	const loads = [editor, stranger].map(countLoads);

	const set = async (url: string) => {
		const now = await admin.get<Node>(`/api/v1/nodes/${database.id}`);
		await admin.intend(
			{ type: 'update_node', id: database.id, version: now.version, system: { check: { type: 'http', url } } },
			{ type: 'check_now', id: database.id }
		);
	};
	await set(`${server.url}/api/v1/nowhere`);
	await expect(story(stranger, 'Database')).toContainText('2 systems hit by it');
	await expect(story(stranger, 'Database')).toContainText('Web shop');
	await expect(stranger.getByTestId('story'), 'one story, not three').toHaveCount(1);
	await expect(story(stranger, 'Database').getByRole('link', { name: 'Open an incident' })).toHaveCount(0);
	await expect(editor.getByTestId('state')).toContainText('Degraded');
	await expect(editor.getByTestId('state')).toContainText('because Database is down');
	await expect(row(stranger, 'Web shop')).toContainText('because Database is down');

	// Another impact reaches further, at once and everywhere.
	await card(editor, 'Dependencies').getByLabel('Impact of Web shop').selectOption({ label: 'Critical' });
	await expect(editor.getByTestId('state')).toContainText('Down');
	await expect(row(stranger, 'Till')).toContainText('Down');

	await admin.intend({
		type: 'open_incident',
		title: 'Disks are full',
		incident: { severity: 'major', affects: [database.id] },
		update: { message: 'We look at it.', audience: 'public' }
	});
	await expect(story(stranger, 'Database').getByRole('link', { name: 'Disks are full' })).toBeVisible();
	await expect(stranger.getByRole('region', { name: 'Going on now' })).toContainText('Disks are full');

	await editor.getByTestId('state').getByRole('link', { name: 'Database' }).click();
	await expect(heading(editor, 'Database')).toBeVisible();
	await expect(card(editor, 'Going on')).toContainText('Disks are full');
	await set(`${server.url}/healthz`);
	await expect(stranger.getByTestId('all-clear')).toBeVisible();
	await expect(editor.getByTestId('state')).toContainText('Up');
	expect(loads.map((count) => count())).toEqual([0, 0]);
});

test('systems are found, chosen and worked with together, by keyboard too', async ({ admin, browseAs }) => {
	const place = await admin.create('workspace', 'Shop');
	const group = await admin.create('group', 'Counter', { parent_id: place.id });
	const production = await admin.create('environment', 'Production', { parent_id: place.id });
	for (const title of ['Till 1', 'Till 2', 'Till 3']) await admin.system(title, group);
	await admin.system('Door', place);
	const reader = await admin.person('kari', 'Kari Nordmann');
	await admin.link('reader', reader, place);
	const page = await browseAs(await admin.me());
	const watcher = await browseAs(reader);
	await openLive(watcher, `/environments/${production.id}`);
	await expect(said(watcher)).toContainText('Nothing runs here yet');
	await openLive(page, '/');
	await page.getByRole('link', { name: 'Systems', exact: true }).click();
	const loads = [page, watcher].map(countLoads);
	const rows = row(page, 'Door');
	await expect(rows).toBeVisible();

	await page.getByLabel('Group').selectOption({ label: 'Shop / Counter' });
	await expect(rows).toHaveCount(0);
	await field(page, 'Part of the title').fill('till');
	await expect(page).toHaveURL(/\/systems\?q=till&group=/);
	await expect(card(page, 'Systems').getByRole('listitem')).toHaveCount(3);

	await page.getByRole('button', { name: 'Select' }).click();
	const boxes = (title: string) => page.getByRole('checkbox', { name: `Select ${title}` });
	await boxes('Till 1').focus();
	await page.keyboard.press('Space');
	await page.keyboard.press('ArrowDown');
	await expect(boxes('Till 2')).toBeFocused();
	const bar = page.getByRole('group', { name: 'With those selected' });
	await expect(bar).toContainText('1 selected');
	// With Shift all in between, by their names.
	await page.getByText('Till 3', { exact: true }).click({ modifiers: ['Shift'] });
	await expect(bar).toContainText('3 selected');
	await boxes('Till 2').uncheck();
	await expect(bar.getByRole('link', { name: 'Plan a maintenance' })).toHaveAttribute('href', /affects=[-0-9a-f]{36},[-0-9a-f]{36}$/);

	await bar.getByRole('button', { name: 'Put into an environment' }).click();
	const dialog = page.getByRole('dialog');
	await dialog.getByLabel('Environment').selectOption({ label: 'Shop / Production' });
	await dialog.getByRole('button', { name: 'Put' }).click();
	await expect(said(page)).toContainText('2 systems run in Production now.');
	await expect(row(watcher, 'Till 1')).toBeVisible();
	await expect(row(watcher, 'Till 3')).toBeVisible();
	await expect(row(watcher, 'Till 2')).toHaveCount(0);
	await expect(watcher.getByRole('button', { name: 'Select' }), 'a reader chooses nothing').toHaveCount(0);

	// The filter is saved as a view, which shows what the reader may see.
	await page.getByLabel('Environment').selectOption({ label: 'Shop / Production' });
	await page.getByRole('link', { name: 'Save as a view' }).click();
	await expect(heading(page, 'New view')).toBeVisible();
	await expect(card(page, 'As it is now')).toContainText('2 systems');
	await page.getByRole('textbox', { name: 'Title', exact: true }).fill('Tills in production');
	await field(page, 'Place').selectOption({ label: 'Shop' });
	await page.getByRole('button', { name: 'Create' }).click();
	await expect(heading(page, 'Tills in production')).toBeVisible();
	await expect(row(page, 'Till 3')).toBeVisible();
	await watcher.getByRole('link', { name: 'Views' }).click();
	await watcher.getByRole('link', { name: 'Tills in production' }).click();
	await expect(row(watcher, 'Till 1')).toBeVisible();
	await expect(watcher.getByRole('link', { name: 'Edit' })).toHaveCount(0);

	// Back leads to the same selection, without a load.
	await page.getByRole('link', { name: 'Systems', exact: true }).click();
	await page.getByLabel('Part of the title').fill('till');
	await page.getByRole('button', { name: 'Select' }).click();
	await page.getByRole('checkbox', { name: 'Select all on this page' }).check();
	await bar.getByRole('button', { name: 'Delete' }).click();
	await expect(dialog).toContainText('Till 2');
	await dialog.getByRole('button', { name: 'Delete' }).click();
	await expect(said(page)).toContainText('3 systems were deleted.');
	await expect(said(page)).toContainText('No system is like that');
	await page.goBack();
	await expect(heading(page, 'Tills in production')).toBeVisible();
	await expect(said(watcher)).toContainText('No system is like that now.');
	expect(loads.map((count) => count())).toEqual([0, 0]);
});

test('whom to ask, what to read, and the order of groups', async ({ admin, browse, browseAs }) => {
	const place = await admin.create('workspace', 'Shop', { scope: { visibility: 'public' } });
	const groups = [];
	for (const title of ['Alpha', 'Beta', 'Gamma']) groups.push(await admin.create('group', title, { parent_id: place.id }));
	const [alpha] = groups as [Node, Node, Node];
	const system = await admin.system('Till', alpha);
	const page = await browseAs(await admin.me());
	const stranger = await browse();
	await openLive(stranger, `/systems/${system.id}`);
	await openLive(page, `/groups/${alpha.id}`);

	const contacts = (of: Page) => card(of, 'Contacts');
	await contacts(page).getByRole('button', { name: 'Add' }).click();
	const dialog = page.getByRole('dialog');
	await dialog.getByLabel('Who', { exact: true }).selectOption({ label: 'A new mailbox' });
	await dialog.getByLabel('Name').fill('Hosting support');
	await dialog.getByLabel('Address').fill('support@example.org');
	await dialog.getByLabel('As').fill('vendor');
	await dialog.getByRole('button', { name: 'Add' }).click();
	await expect(contacts(page)).toContainText('support@example.org');

	// The system has it from its group; an address is for those who have signed in.
	await openLive(page, `/systems/${system.id}`);
	await expect(contacts(page)).toContainText('from Alpha');
	await expect(contacts(page).getByRole('button', { name: /^Remove/ })).toHaveCount(0);
	await stranger.reload();
	await expect(contacts(stranger)).toContainText('Hosting support');
	await expect(said(stranger)).not.toContainText('support@example.org');
	await contacts(page).getByRole('link', { name: 'Hosting support' }).click();
	await expect(heading(page, 'Hosting support')).toBeVisible();
	await page.getByRole('button', { name: 'Edit' }).click();
	await dialog.getByLabel('Address').fill('help@example.org');
	await dialog.getByRole('button', { name: 'Save' }).click();
	await expect(page.getByRole('link', { name: 'help@example.org' })).toBeVisible();

	await openLive(page, `/systems/${system.id}`);
	await card(page, 'Links').getByRole('button', { name: 'Edit the links' }).click();
	for (const [title, url] of [
		['Code', 'https://git.example.org'],
		['Runbook', 'https://wiki.example.org/till']
	] as const) {
		await dialog.getByRole('button', { name: 'Add a link' }).click();
		await dialog.getByRole('textbox', { name: 'Title' }).last().fill(title);
		await dialog.getByRole('textbox', { name: 'Address' }).last().fill(url);
	}
	await dialog.getByRole('button', { name: 'Move Runbook up' }).click();
	await dialog.getByRole('button', { name: 'Save' }).click();
	await expect(card(stranger, 'Links').getByRole('link')).toHaveText(['Runbook', 'Code']);

	await openLive(stranger, `/workspaces/${place.id}`);
	await openLive(page, `/workspaces/${place.id}`);
	await page.getByRole('button', { name: 'Order' }).click();
	await page.getByRole('button', { name: 'Move Gamma up' }).focus();
	await page.keyboard.press('Enter');
	await page.keyboard.press('Enter');
	await expect(page.getByRole('button', { name: 'Move Gamma down' }), 'the focus stays with the group').toBeFocused();
	const ordered = page.getByRole('list', { name: 'Order of the groups' }).getByRole('listitem');
	await ordered.filter({ hasText: 'Beta' }).dragTo(ordered.filter({ hasText: 'Alpha' }));
	await page.getByRole('button', { name: 'Save the order' }).click();
	await expect(card(stranger, 'Content').getByRole('link')).toHaveText(['Gamma', 'Beta', 'Alpha']);
	await expect(stranger.getByRole('button', { name: 'Order' })).toHaveCount(0);
});

test('an incident can come by itself, if somebody wants that', async ({ admin, browseAs, server }) => {
	const place = await admin.create('workspace', 'Shop');
	const system = await admin.create('system', 'Till', { parent_id: place.id, system: failing(server.url) });
	const page = await browseAs(await admin.me());
	await openLive(page, `/systems/${system.id}/edit`);
	const rule = page.getByRole('checkbox', { name: 'Open an incident when it is down for long' });
	await expect(rule).not.toBeChecked();
	await rule.check();
	await page.getByRole('spinbutton', { name: 'Down for' }).fill('0');
	await page.getByRole('checkbox', { name: 'Resolve it when the system is up again' }).check();
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(heading(page, 'Till')).toBeVisible();
	await expect(card(page, 'Check')).toContainText('after 0 s down');
	const now = await admin.get<Node>(`/api/v1/nodes/${system.id}`);
	expect(now.system).toMatchObject({ incident_after_s: 0, incident_auto_resolve: true });
});
