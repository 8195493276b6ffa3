import { expect, test } from '../support/flow';
import { countLoads, heading, open, openLive, row, said, workspaces } from '../support/page';

test('access appears and vanishes on pages that are open', async ({ admin, browseAs }) => {
	const place = await admin.create('workspace', 'Shop');
	const system = await admin.system('Checkout', place);
	const kari = await admin.person('kari', 'Kari Nordmann');
	const owner = await browseAs(await admin.me());
	const page = await browseAs(kari);
	await openLive(page, '/');
	await expect(said(page)).toContainText('You have no access to any workspace yet.');
	await openLive(owner, `/workspaces/${place.id}?tab=access`);
	const loads = countLoads(page);

	await owner.getByRole('button', { name: 'Give access' }).click();
	const dialog = owner.getByRole('dialog', { name: 'Give access' });
	await dialog.getByLabel('As', { exact: true }).selectOption('Reader');
	await dialog.getByRole('searchbox', { name: 'Person or team' }).fill('kari');
	await dialog.getByRole('radio', { name: 'Kari Nordmann' }).check();
	await dialog.getByRole('button', { name: 'Give access' }).click();
	await expect(dialog).toBeHidden();

	await expect(row(page, 'Checkout')).toBeVisible();
	await workspaces(page).getByRole('link', { name: 'Shop' }).click();
	await expect(heading(page, 'Shop')).toBeVisible();
	// A reader changes nothing.
	await row(page, 'Checkout', 'Content').getByRole('link').click();
	await expect(heading(page, 'Checkout')).toBeVisible();
	await expect(page.getByRole('link', { name: 'Edit' })).toHaveCount(0);
	await expect(page.getByRole('button', { name: 'Delete' })).toHaveCount(0);

	await owner.getByRole('button', { name: 'Take away the access of Kari Nordmann' }).click();
	await owner.getByRole('dialog').getByRole('button', { name: 'Take away' }).click();
	const granted = owner.getByRole('region', { name: 'People and teams with access' });
	await expect(granted.getByRole('link', { name: 'Kari Nordmann' })).toHaveCount(0);
	await expect(granted.getByRole('listitem'), 'who made it').toHaveCount(1);

	await expect(page.getByRole('main')).toContainText('Nothing here');
	await expect(page).toHaveTitle('Nothing here · Synops');
	await expect(page.getByRole('main')).not.toContainText('Checkout');
	await expect(workspaces(page).getByRole('link', { name: 'Shop' })).toHaveCount(0);
	await workspaces(page).getByRole('link', { name: 'Overview' }).click();
	await expect(said(page)).toContainText('You have no access to any workspace yet.');
	await expect(said(page)).not.toContainText(/Checkout|Shop/);
	expect(loads(), 'all of it without a load').toBe(0);

	for (const path of [`/systems/${system.id}`, `/workspaces/${place.id}`]) {
		await open(page, path);
		await expect(said(page)).toContainText('Nothing here');
		await expect(said(page)).not.toContainText(/Checkout|Shop/);
	}
});

test('who is not signed in sees what is public, live, and nothing else', async ({ admin, browse, database }) => {
	const open_place = await admin.create('workspace', 'Street', { scope: { visibility: 'public' } });
	const closed_place = await admin.create('workspace', 'Cellar');
	const lamp = await admin.system('Lamp', open_place);
	const safe = await admin.system('Safe', closed_place);
	const page = await browse();
	const frames: string[] = [];
	page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => void frames.push(payload.toString())));
	await openLive(page, '/');
	await expect(row(page, 'Lamp')).toBeVisible();
	await expect(page.getByRole('link', { name: 'New system' })).toHaveCount(0);
	const loads = countLoads(page);

	await database.psql(
		`update nodes set title = 'Safe, opened' where id = '${safe.id}'`,
		`update nodes set title = 'Lamp, lit' where id = '${lamp.id}'`
	);
	await expect(row(page, 'Lamp, lit')).toBeVisible();
	await expect(said(page)).not.toContainText(/Safe|Cellar/);

	await admin.intend({ type: 'set_scope', id: open_place.id, version: open_place.version, visibility: 'members' });
	await expect(heading(page, 'Sign in')).toBeVisible();
	await expect(said(page)).not.toContainText(/Lamp|Street/);
	expect(loads()).toBe(0);
	expect(frames.some((frame) => frame.includes('Lamp, lit'))).toBe(true);
	expect(frames.filter((frame) => /Safe|Cellar/.test(frame))).toEqual([]);

	await page.goto('/people');
	await expect(page).toHaveURL('/sign-in?next=%2Fpeople');
});

test('a group gets access of its own, and somebody gets into it alone', async ({ admin, browseAs }) => {
	const place = await admin.create('workspace', 'Shop');
	const group = await admin.create('group', 'Cards', { parent_id: place.id });
	await admin.system('Terminal', group);
	await admin.system('Checkout', place);
	const kari = await admin.person('kari', 'Kari Nordmann');
	const owner = await browseAs(await admin.me());
	const page = await browseAs(kari);
	await openLive(page, '/');
	await expect(said(page)).toContainText('You have no access to any workspace yet.');

	await openLive(owner, `/groups/${group.id}?tab=access`);
	const granted = owner.getByRole('region', { name: 'People and teams with access' });
	await expect(granted).toContainText('Who sees and changes this is decided in Shop');
	await granted.getByRole('button', { name: 'Give it access of its own' }).click();
	await expect(granted.getByRole('listitem'), 'who made it').toHaveCount(1);
	await expect(owner.getByLabel('Only people with access')).toBeChecked();

	await granted.getByRole('button', { name: 'Give access' }).click();
	const dialog = owner.getByRole('dialog', { name: 'Give access' });
	await dialog.getByLabel('As', { exact: true }).selectOption('Reader');
	await dialog.getByRole('searchbox', { name: 'Person or team' }).fill('kari');
	await dialog.getByRole('radio', { name: 'Kari Nordmann' }).check();
	await dialog.getByRole('button', { name: 'Give access' }).click();
	await expect(dialog).toBeHidden();
	await expect(granted.getByRole('listitem').filter({ hasText: 'Kari Nordmann' })).toContainText('Reader');

	await expect(row(page, 'Terminal')).toBeVisible();
	await expect(said(page)).not.toContainText(/Checkout|Shop/);
	await row(page, 'Terminal').getByRole('link').click();
	await expect(heading(page, 'Terminal')).toBeVisible();
	await expect(page.getByRole('link', { name: 'Edit' })).toHaveCount(0);

	await owner.getByRole('button', { name: 'Take away the access of Kari Nordmann' }).click();
	await owner.getByRole('dialog').getByRole('button', { name: 'Take away' }).click();
	await expect(page.getByRole('main')).toContainText('Nothing here');
	await expect(page.getByRole('main')).not.toContainText('Terminal');

	await owner.getByRole('link', { name: 'Content', exact: true }).click();
	const history = owner.getByRole('region', { name: 'History' });
	await expect(history).toContainText('gave Kari Nordmann access to Cards');
	await expect(history).toContainText('took from Kari Nordmann the access to Cards');
});
