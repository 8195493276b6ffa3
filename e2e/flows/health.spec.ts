import { expect, test } from '../support/flow';
import { countLoads, heading, open, openLive, said } from '../support/page';

test("the administrators' health page follows what happens", async ({ admin, browse, browseAs, server }) => {
	const page = await browseAs(await admin.me());
	await openLive(page, '/admin/health');
	await expect(heading(page, 'Health')).toBeVisible();
	const part = (name: string) => page.getByRole('region', { name, exact: true });
	for (const name of ['Database', 'Change feed', 'Connection pool', 'Checks', 'Disk', 'Instance 1']) {
		await expect(part(name)).toContainText(/\d/);
	}
	const loads = countLoads(page);
	const sockets = part('Sockets').getByRole('definition').first();
	await expect(sockets).toHaveText('1');
	const other = await browse();
	await open(other, '/sign-in');
	await expect(sockets).toHaveText('2');
	await other.close();
	await expect(sockets).toHaveText('1');

	await expect(part('Checks')).toContainText(/checked systems\s*0/);
	const place = await admin.create('workspace', 'Shop');
	await admin.create('system', 'Checkout', {
		parent_id: place.id,
		system: { check: { type: 'http', url: `${server.url}/healthz` } }
	});
	await expect(part('Checks')).toContainText(/checked systems\s*1/);
	await expect(part('Checks')).toContainText(/runs last minute\s*1/);
	expect(loads()).toBe(0);
});

test('nobody else sees it', async ({ admin, browseAs }) => {
	const kari = await browseAs(await admin.person('kari', 'Kari Nordmann'));
	await openLive(kari, '/admin/health');
	await expect(said(kari)).toContainText('Only administrators of this Synops see its health.');
	await expect(kari.getByRole('navigation').getByRole('link', { name: 'Health' })).toHaveCount(0);
});
