import { expect, test } from '../support/flow';
import { countLoads, heading, openLive, said } from '../support/page';

test("the administrators' health page follows what happens", async ({ admin, browse, browseAs, database }) => {
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
	await openLive(other, '/sign-in');
	await expect(sockets).toHaveText('2');
	await other.close();
	await expect(sockets).toHaveText('1');

	const running = database.psql('begin', 'select 1 from nodes limit 1', 'select pg_sleep(600)').catch(() => 'cut');
	await expect(part('Database')).toContainText(/oldest transaction\s*\d/);
	await database.psql("select pg_terminate_backend(pid) from pg_stat_activity where query like 'select pg_sleep(600)'");
	expect(await running).toBe('cut');
	expect(loads()).toBe(0);
});

test('nobody else sees it', async ({ admin, browseAs }) => {
	const kari = await browseAs(await admin.person('kari', 'Kari Nordmann'));
	await openLive(kari, '/admin/health');
	await expect(said(kari)).toContainText('Only administrators of this Synops see its health.');
	await expect(kari.getByRole('navigation').getByRole('link', { name: 'Health' })).toHaveCount(0);
});
