import type { components } from '../../web/src/lib/api/schema';
import { instance_id, type Node } from '../support/api';
import { expect, test } from '../support/flow';
import { Ledger } from '../support/ledger';
import { countLoads, expectLive, field, open, openLive } from '../support/page';
import type { Page } from '@playwright/test';

type Job = components['schemas']['Job'];
type Updates = components['schemas']['MaintenanceUpdatePage'];

const ledger = new Ledger();
test.use({ configuration: ledger.tools });
test.afterAll(() => ledger.remove());

const jobs_count = 200;
/** Half a second each: more than the drain allows. */
const steps = 60;
const drain_bound_s = 8;
const wait = { timeout: 120_000 };

const banner = (page: Page) => page.getByTestId('banner');
const tool = (name: string, input: object) => ({ kind: 'tool', payload: { tool: name, input } });

test('a maintenance of Synops, from its announcement to its last check: nothing is lost and everybody sees it coming', async ({
	admin,
	browse,
	browseAs,
	database,
	server
}) => {
	server.supervise();
	const place = await admin.create('workspace', 'Shop');
	const edited = await admin.system('Checkout', place);
	const [stranger, form, desk] = [await browse(), await browseAs(await admin.me()), await browseAs(await admin.me())];
	await open(stranger, '/sign-in');
	await openLive(form, `/systems/${edited.id}/edit`);
	await openLive(desk, '/admin/maintenance');
	const loads = [stranger, form, desk].map(countLoads);

	// Jobs of mixed length, one of them too long for any drain.
	const enqueue = (job: object) => admin.post<Job>('/api/v1/admin/jobs', job);
	const long = await enqueue(tool('climbs', { steps }));
	const short: Job[] = [];
	for (let n = 1; n < jobs_count; n++) short.push(await enqueue(tool('work', { ms: (n * 37) % 400 })));
	await expect.poll(() => ledger.done().size, wait).toBeGreaterThan(20);

	// Planned: everybody sees it, signed in or not.
	const at = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();
	const plan = { title: 'New version', affects: [instance_id], starts_at: at(20), ends_at: at(50), drain_bound_s, blocked_classes: ['tools'] };
	const { id } = await admin.post<Node>('/api/v1/maintenances', plan);
	for (const page of [stranger, form, desk]) {
		await expect(banner(page)).toHaveAttribute('data-kind', 'planned');
		await expect(page.getByTestId('countdown').first()).toHaveText(/^(19|20):\d\d$/);
	}
	await expect(banner(stranger), 'its title is for those who may see it').not.toContainText('New version');
	await field(form, 'Title').fill('Typed before it went down');

	// Extended: the same moment, on every page.
	const before = (await banner(form).innerText()).match(/From .+ to [\d:]+/)?.[0] ?? '';
	expect(before).not.toBe('');
	await admin.post(`/api/v1/maintenances/${id}/extend`, { ends_at: at(120) });
	for (const page of [stranger, form]) {
		await expect(banner(page)).not.toContainText(before);
		await expect(banner(page)).toHaveAttribute('data-kind', 'planned');
	}

	// Brought forward.
	await expect.poll(() => ledger.steps(long.id).length, wait).toBeGreaterThan(1);
	await admin.post(`/api/v1/maintenances/${id}/start`);
	const late = await enqueue(tool('work', { ms: 100 }));
	for (const page of [stranger, form, desk]) await expect(banner(page)).toHaveAttribute('data-kind', /draining|closing/);
	expect(await database.psql(`select state from jobs where id = '${late.id}'`), 'kept, and not begun').toBe('ready');

	// It stops by itself, is started again, and sees the window through.
	// (Away for less than a moment, it is not said to be away; that has a flow of its own.)
	await expect.poll(() => server.exits, wait).toEqual([0]);
	for (const page of [stranger, form, desk]) await expect(banner(page)).not.toHaveAttribute('data-kind', /draining|closing/, wait);
	await expect
		.poll(() => database.psql(`select state || ' ' || coalesce(outcome, '') from maintenances where node_id = '${id}'`), wait)
		.toBe('completed green');
	for (const page of [form, desk]) await expectLive(page);
	await expect(banner(stranger)).toHaveAttribute('data-kind', /^$|over|back/, wait);
	await expect(field(form, 'Title')).toHaveValue('Typed before it went down');
	await form.getByRole('button', { name: 'Save' }).click();
	await expect(form.getByRole('heading', { level: 1, name: 'Typed before it went down' })).toBeVisible();

	// Each job to its end, once; the long one from where it was, on its first attempt.
	await expect.poll(() => ledger.done().size, wait).toBe(jobs_count + 1);
	const done = ledger.done();
	for (const job of [long, late, ...short]) expect(done.get(job.id), job.id).toBe(1);
	expect(ledger.steps(long.id), 'no step twice, none left out').toEqual(Array.from({ length: steps }, (_, n) => n + 1));
	await expect
		.poll(() => database.psql(`select count(*) || ' ' || max(attempt) || ' ' || count(distinct worker_id) from job_history where kind = 'tool' and outcome = 'succeeded'`))
		.toBe(`${jobs_count + 1} 1 2`);
	expect(await database.psql('select count(*) from jobs where kind = \'tool\''), 'nothing is left').toBe('0');
	expect(await database.psql('select count(*) from job_classes where blocked_by is not null')).toBe('0');

	// The timeline has every step, and no page was loaded again.
	const { items } = await admin.get<Updates>(`/api/v1/maintenances/${id}/updates`);
	const said = items.map((update) => update.message).reverse().join('\n');
	for (const step of ['Started.', 'closes:', 'drains:', 'has stopped;', 'Synops has restarted.', 'Everything affected is up again.']) {
		expect(said).toContain(step);
	}
	expect(await database.psql(`select count(*) from maintenance_stops where maintenance_id = '${id}' and turn is not null`)).toBe('1');
	expect(server.exits, 'it never went down for it again').toEqual([0]);
	expect(loads.map((count) => count())).toEqual([0, 0, 0]);
});
