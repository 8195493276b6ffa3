import { barriers } from '../support/axe';
import { expect, test } from '../support/flow';
import { countLoads, heading, openLive, said } from '../support/page';

test('queues, schedules and dead letters are looked after on one page', async ({ admin, browseAs, database }) => {
	const page = await browseAs(await admin.me());
	await openLive(page, '/admin/jobs');
	await expect(heading(page, 'Jobs')).toBeVisible();
	const loads = countLoads(page);
	const part = (name: string) => page.getByRole('region', { name, exact: true });
	const dialog = page.getByRole('dialog');

	// A pause holds what is enqueued afterwards, until it ends.
	await part('Queues').getByRole('button', { name: 'Pause Upkeep' }).click();
	await dialog.getByLabel('Reason').fill('a new disk');
	await dialog.getByRole('button', { name: 'Pause' }).click();
	await expect(part('Queues')).toContainText('a new disk');
	await database.psql(
		`insert into jobs (id, kind, class, attempts_max) values ('0190f3a7-c2b1-7d0e-9f00-c0ffee00cafe', 'noop', 'upkeep', 1)`
	);
	const upkeep = part('Queues').getByRole('listitem').filter({ hasText: 'Upkeep' });
	await expect(upkeep).toContainText(/Waiting\s*[1-9]/);
	await upkeep.getByRole('button', { name: 'Resume Upkeep' }).click();
	await expect(upkeep).toContainText(/Waiting\s*0/);

	await page.getByRole('link', { name: 'History' }).click();
	await part('History').getByLabel('Kind').selectOption('noop');
	await expect(part('History').getByRole('listitem')).toHaveCount(1);
	await expect(part('History')).toContainText('Succeeded');

	await page.getByRole('link', { name: 'Schedules' }).click();
	await page.getByRole('button', { name: 'New schedule' }).click();
	await dialog.getByLabel('Name').fill('nightly');
	await dialog.getByLabel('When (cron)').fill('0 0 30 2 *');
	await dialog.getByLabel('Kind').selectOption('noop');
	await dialog.getByRole('button', { name: 'Save' }).click();
	await expect(dialog).toContainText('this one never does');
	await dialog.getByLabel('When (cron)').fill('15 3 * * *');
	await dialog.getByRole('button', { name: 'Save' }).click();
	await expect(part('Schedules')).toContainText('nightly');

	// The payload is put right, and the job runs after all.
	await database.psql(
		`insert into dead_letters (id, source, kind, class, payload, error, attempts, attempts_max, priority, created_at)
		 values ('0190f3a7-c2b1-7d0e-9f00-c0ffee00beef', 'job', 'noop', 'upkeep', '{"a": 1}', 'it broke', 3, 3, 2, now())`
	);
	await page.getByRole('link', { name: '1 dead letter to decide about' }).click();
	await page.getByRole('button', { name: 'Inspect' }).click();
	await dialog.getByLabel('Payload').fill('{');
	await expect(dialog).toContainText('Not a JSON object');
	await dialog.getByLabel('Payload').fill('{}');
	expect(await barriers(page, 'all'), 'with the dialog open').toEqual([]);
	await dialog.getByRole('button', { name: 'Save payload' }).click();
	await dialog.getByRole('button', { name: 'Replay' }).click();
	await expect(said(page)).toContainText('Nothing failed for good');
	await page.getByRole('link', { name: 'History' }).click();
	await expect(part('History').getByRole('listitem').filter({ hasText: 'noop' })).toHaveCount(2);
	expect(loads()).toBe(0);
});

test('nobody else sees it', async ({ admin, browseAs }) => {
	const kari = await browseAs(await admin.person('kari', 'Kari Nordmann'));
	await openLive(kari, '/admin/jobs');
	await expect(said(kari)).toContainText('Only administrators of this Synops see its jobs.');
	await expect(kari.getByRole('navigation').getByRole('link', { name: 'Jobs' })).toHaveCount(0);
});
