import { expect, test } from '../support/flow';
import { countLoads, field, heading, openLive, row, said } from '../support/page';

test('a system is made, checked for real, changed, checked on demand and deleted', async ({
	admin,
	browseAs,
	database,
	server
}) => {
	const place = await admin.create('workspace', 'Shop');
	const me = await admin.me();
	const page = await browseAs(me);
	const overview = await browseAs(me);
	await openLive(overview, '/');
	await openLive(page, `/workspaces/${place.id}`);
	const loads = [page, overview].map(countLoads);

	await page.getByRole('link', { name: 'New system' }).click();
	await field(page, 'Title').fill('Readiness');
	await expect(field(page, 'Place')).toHaveValue(place.id);
	await field(page, 'URL').fill('ftp://nonsense');
	// Once a day: after the first check there is no other but on demand.
	await field(page, 'Every').fill('86400');
	await field(page, 'Failures until down').fill('1');
	await page.getByRole('button', { name: 'Create' }).click();
	await expect(field(page, 'URL')).toHaveAccessibleDescription(/http/);
	await field(page, 'URL').fill(`${server.url}/readyz`);
	await page.getByRole('button', { name: 'Create' }).click();

	await expect(heading(page, 'Readiness')).toBeVisible();
	await expect(page.getByTestId('state')).toContainText('Up');
	await expect(row(overview, 'Readiness')).toContainText('Up');
	await expect(overview.getByTestId('problems')).toHaveText('Everything is up');
	const id = new URL(page.url()).pathname.split('/').at(-1);
	const runs = () => database.psql(`select count(*) from check_runs where system_id = '${id}'`);
	expect(await runs()).toBe('1');

	await page.getByRole('button', { name: 'Check now' }).click();
	await expect(said(page)).toContainText('A check is on its way.');
	await expect.poll(runs).toBe('2');
	await expect(page.getByRole('img', { name: 'Latency chart of 2 checks' })).toBeVisible({ timeout: 60_000 });

	await page.getByRole('link', { name: 'Edit' }).click();
	await field(page, 'Expected status').fill('418');
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(heading(page, 'Readiness')).toBeVisible();
	await page.getByRole('button', { name: 'Check now' }).click();
	await expect(page.getByTestId('state')).toContainText('Down');
	await expect(page.getByTestId('state')).toContainText('200');
	await expect(row(overview, 'Readiness')).toContainText('Down');
	await expect(overview.getByTestId('problems')).toHaveText('1 problem');

	await page.getByRole('button', { name: 'Delete' }).click();
	const question = page.getByRole('dialog', { name: 'Delete Readiness?' });
	await question.getByRole('button', { name: 'Cancel' }).click();
	await expect(question).toBeHidden();
	await expect(heading(page, 'Readiness')).toBeVisible();
	await page.getByRole('button', { name: 'Delete' }).click();
	await question.getByRole('button', { name: 'Delete' }).click();
	await expect(heading(page, 'Systems')).toBeVisible();
	await expect(said(page)).toContainText('Readiness was deleted.');
	await expect(row(overview, 'Readiness')).toHaveCount(0);
	expect(await database.psql(`select count(*) from nodes where id = '${id}'`)).toBe('0');
	expect(loads.map((count) => count())).toEqual([0, 0]);
});
