import type { Page } from '@playwright/test';
import { instance_id } from '../support/api';
import { barriers } from '../support/axe';
import { expect, test } from '../support/flow';
import { banner, clockTime, connection, countdown, countLoads, expectLive, field, heading, open, openLive } from '../support/page';

const minute_ms = 60_000;

/** The end as the banner writes it: with its day when that is another than the begin's. */
const until = (at: number): RegExp => new RegExp(`to (\\w{3} \\d{1,2} \\w{3,4}, )?${clockTime(at)}`);

test('everybody sees it coming, and what becomes of it, at once', async ({ admin, browse, browseAs }) => {
	const kari = await browseAs(await admin.person('kari', 'Kari Nordmann'));
	const stranger = await browse();
	const polling = await browse();
	await openLive(kari, '/people');
	await open(stranger, '/sign-in');
	await polling.goto('/sign-in?connection=polling');
	const pages = [kari, stranger, polling];
	for (const page of pages) await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
	const loads = pages.map(countLoads);

	const { id } = await admin.planStop('New disks', 90);
	for (const page of pages) {
		await expect(banner(page)).toHaveAttribute('data-kind', 'planned');
		await expect(countdown(page)).toHaveText(/^1:\d\d:\d\d$/);
	}
	const before = await countdown(kari).textContent();
	await expect(countdown(kari), 'it counts').not.toHaveText(before ?? '');

	await banner(kari).getByRole('button', { name: 'What of mine is affected?' }).click();
	await expect(kari.getByTestId('affected')).toContainText('None of your jobs');
	await banner(stranger).getByRole('button', { name: 'What of mine is affected?' }).click();
	await expect(stranger.getByTestId('affected')).toContainText('Sign in to see');
	for (const page of [kari, stranger]) expect(await barriers(page, 'all')).toEqual([]);

	const ends = Date.now() + 200 * minute_ms;
	await admin.intend({ type: 'extend_maintenance', id, ends_at: new Date(ends).toISOString() });
	for (const page of pages) await expect(banner(page)).toContainText(until(ends));

	// Made small it still counts, also after going about.
	await banner(kari).getByRole('button', { name: 'Make the notice small' }).click();
	await kari.getByRole('link', { name: 'Account' }).or(kari.getByTitle('Account')).first().click();
	await expect(heading(kari, 'Account')).toBeVisible();
	await expect(countdown(kari)).toBeVisible();
	await expect(kari.getByTestId('affected')).toBeHidden();

	await admin.intend({ type: 'cancel_maintenance', id, reason: 'the disks did not come' });
	for (const page of pages) await expect(banner(page)).toContainText('called off or put off');
	for (const page of pages) await expect(banner(page)).toHaveAttribute('data-kind', '');
	expect(loads.map((count) => count())).toEqual([0, 0, 0]);
});

test('administrators plan with a forecast, watch, move and call off', async ({ admin, browseAs }) => {
	const place = await admin.create('workspace', 'Shop');
	await admin.system('Checkout', place);
	const page = await browseAs(await admin.me());
	await openLive(page, '/admin/maintenance');
	const loads = countLoads(page);
	const status = page.getByTestId('stop-status');
	const dialog = page.getByRole('dialog');
	await expect(page.getByText('No maintenance of Synops is planned')).toBeVisible();
	await expect(page.getByTestId('sessions')).toContainText('Administrator');

	await page.getByRole('link', { name: 'Plan a maintenance' }).click();
	await expect(heading(page, 'Plan a maintenance')).toBeVisible();
	await field(page, 'Title').fill('New disks');
	await page.getByRole('checkbox', { name: 'Checkout' }).check();
	const ends = await field(page, 'Ends').inputValue();
	await field(page, 'Ends').fill(await field(page, 'Begins').inputValue());
	await expect(page.getByText('It ends before it begins.')).toBeVisible();
	await expect(page.getByRole('button', { name: 'Show the forecast' })).toBeDisabled();
	await field(page, 'Ends').fill(ends);
	await page.getByRole('button', { name: 'Show the forecast' }).click();
	await expect(page.getByTestId('forecast')).toContainText('All of Synops goes down.');
	await expect(page.getByTestId('forecast')).toContainText('Checkout');
	// What was shown must be about what is planned.
	await page.getByRole('checkbox', { name: 'One server after the other' }).check();
	await expect(page.getByText('The plan was changed since.')).toBeVisible();
	await page.getByRole('button', { name: 'Show the forecast' }).click();
	await expect(page.getByTestId('forecast')).toContainText('there is 1');
	expect(await barriers(page, 'all'), 'the plan').toEqual([]);
	await page.getByRole('button', { name: 'Plan it' }).click();

	await expect(status).toContainText('New disks');
	await expect(status.getByTestId('maintenance-state')).toHaveAttribute('data-state', 'scheduled');
	await expect(banner(page)).toHaveAttribute('data-kind', 'planned');
	await expect(page.getByTestId('steps').locator('[data-step=announced]')).toHaveAttribute('data-state', 'done');
	await expect(page.getByTestId('instances').getByRole('listitem')).toHaveCount(1);
	await page.getByRole('button', { name: 'Rehearse' }).click();
	await expect(page.getByTestId('rehearsal')).toContainText('Everything would go well');

	await status.getByRole('button', { name: 'Extend +15 min' }).click();
	const later = new Date(ends).getTime() + 15 * minute_ms;
	await expect(banner(page)).toContainText(until(later));
	await status.getByRole('button', { name: 'Post an update' }).click();
	await dialog.getByLabel('Message').fill('The disks are **here**.');
	await dialog.getByLabel('For whom').selectOption('internal');
	await dialog.getByRole('button', { name: 'Post' }).click();
	await expect(page.getByRole('region', { name: 'Updates' })).toContainText('The disks are here.');
	expect(await barriers(page, 'all'), 'the status').toEqual([]);

	await status.getByRole('button', { name: 'Call off' }).click();
	await dialog.getByLabel('Reason').fill('wrong disks');
	await dialog.getByRole('button', { name: 'Call off' }).click();
	await expect(page.getByText('No maintenance of Synops is planned')).toBeVisible();
	const past = page.getByRole('region', { name: 'Past maintenances of Synops' });
	await expect(past).toContainText('New disks');
	await past.getByRole('link', { name: 'New disks' }).click();
	await expect(heading(page, 'New disks')).toBeVisible();
	await expect(page.getByTestId('maintenance-state').first()).toHaveAttribute('data-state', 'cancelled');
	expect(loads()).toBe(0);
});

test('Synops goes down as planned and comes back: nothing typed is lost, no page is loaded anew', async ({
	admin,
	browse,
	browseAs,
	server
}) => {
	const system = await admin.system('Checkout', await admin.create('workspace', 'Shop'));
	await admin.planStop('New disks', 60);
	const me = await admin.me();
	const [watch, form, stranger] = [await browseAs(me), await browseAs(me), await browse()];
	await openLive(watch, '/admin/maintenance');
	await openLive(form, `/systems/${system.id}/edit`);
	await open(stranger, '/sign-in');
	for (const page of [watch, form, stranger]) await expect(banner(page)).toHaveAttribute('data-kind', 'planned');
	const loads = [watch, form, stranger].map(countLoads);
	await field(form, 'Title').fill('Typed before the stop');
	await banner(form).getByRole('button', { name: 'What of mine is affected?' }).click();
	await expect(form.getByTestId('affected')).toContainText('text that is not saved');
	await stranger.getByLabel('Sign-in name').fill('kari');

	const status = watch.getByTestId('stop-status');
	await status.getByRole('button', { name: 'Start now' }).click();
	await watch.getByRole('dialog').getByRole('button', { name: 'Start now' }).click();
	expect(await server.ended(), 'the exit code').toBe(0);
	for (const page of [watch, form, stranger]) {
		await expect(banner(page)).toHaveAttribute('data-kind', 'away_planned');
		await expect(banner(page)).toContainText('restarted for a planned maintenance');
		await expect(countdown(page)).toHaveText(/^\d+:\d\d$/);
	}
	await field(form, 'Description').fill('Typed while it was away.');
	await form.getByRole('button', { name: 'Save' }).click();
	await expect(form.getByRole('alert')).toContainText('What you typed is kept here');

	await server.start();
	for (const page of [watch, form]) await expectLive(page);
	await expect(form.getByRole('alert')).toContainText('The server is back');
	await expect(field(form, 'Title')).toHaveValue('Typed before the stop');
	await expect(field(form, 'Description')).toHaveValue('Typed while it was away.');
	await form.getByRole('button', { name: 'Save' }).click();
	await expect(heading(form, 'Typed before the stop')).toBeVisible();
	await expect(stranger.getByLabel('Sign-in name')).toHaveValue('kari');

	// It ends by itself, and is told as a whole afterwards.
	await expect(watch.getByText('No maintenance of Synops is planned')).toBeVisible({ timeout: 120_000 });
	const past = watch.getByRole('region', { name: 'Past maintenances of Synops' });
	await expect(past.getByRole('listitem').filter({ hasText: 'New disks' })).toContainText('Done');
	for (const page of [watch, form, stranger]) await expect(banner(page)).toHaveAttribute('data-kind', '');
	expect(loads.map((count) => count())).toEqual([0, 0, 0]);
});

/** Lets the server seem to be of another version from now on, to this page. */
async function seemsNewer(page: Page): Promise<{ on: boolean }> {
	const newer = { on: false };
	await page.routeWebSocket('**/api/v1/live', (socket) => {
		const server = socket.connectToServer();
		server.onMessage((text) => {
			const frame = JSON.parse(String(text)) as { type: string; version?: string };
			if (newer.on && frame.type === 'hello') frame.version = '999.0.0';
			socket.send(JSON.stringify(frame));
		});
	});
	return newer;
}

test('a fall is told with its length, and a new version is offered without taking what is typed', async ({
	admin,
	browseAs,
	server
}) => {
	const system = await admin.system('Checkout', await admin.create('workspace', 'Shop'));
	const page = await browseAs(await admin.me());
	const newer = await seemsNewer(page);
	await openLive(page, `/systems/${system.id}/edit`);
	await field(page, 'Title').fill('Typed before the fall');
	const loads = countLoads(page);
	await server.kill();
	await expect(connection(page)).toHaveAttribute('data-status', 'reconnecting');
	await expect(banner(page)).toHaveAttribute('data-kind', 'away');
	await expect(countdown(page)).toHaveText(/^\d+:\d\d$/);
	expect(await barriers(page, 'all'), 'while it is away').toEqual([]);

	newer.on = true;
	await server.start();
	await expectLive(page);
	await expect(banner(page)).toHaveAttribute('data-kind', 'back');
	const offer = page.getByTestId('new-version');
	await expect(offer).toContainText('Save what you typed here');
	await expect(field(page, 'Title')).toHaveValue('Typed before the fall');
	expect(loads()).toBe(0);
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(heading(page, 'Typed before the fall')).toBeVisible();
	await expect(offer).toContainText('Reload the page to use it.');
	await offer.getByRole('button', { name: 'Reload' }).click();
	await expect.poll(loads).toBe(1);
	await expectLive(page);
	await expect(offer).toBeHidden();
});

test('members plan for what is theirs', async ({ admin, browseAs }) => {
	const place = await admin.create('workspace', 'Shop');
	const system = await admin.system('Checkout', place);
	const kari = await admin.person('kari', 'Kari Nordmann');
	await admin.link('member_of', kari, place);
	const page = await browseAs(kari);
	await openLive(page, '/maintenances');
	await page.getByRole('link', { name: 'Plan a maintenance' }).click();
	await field(page, 'Title').fill('New till');
	await expect(page.getByRole('checkbox', { name: 'Synops itself' })).toHaveCount(0);
	await page.getByRole('checkbox', { name: 'Checkout' }).check();
	await page.getByRole('button', { name: 'Show the forecast' }).click();
	await expect(page.getByTestId('forecast')).toContainText('Synops itself goes on.');
	await page.getByRole('button', { name: 'Plan it' }).click();
	await expect(heading(page, 'New till')).toBeVisible();
	await expect(page.getByRole('region', { name: 'Affects' })).toContainText(system.title);
	await expect(banner(page), 'Synops goes on').toHaveAttribute('data-kind', '');
	await page.getByRole('button', { name: 'Start now' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Start now' }).click();
	await expect(page.getByTestId('maintenance-state').first()).toHaveAttribute('data-state', 'in_progress');
	expect(await barriers(page, 'all')).toEqual([]);
	await openLive(page, '/maintenances');
	await expect(page.getByRole('region', { name: 'Under way' })).toContainText('New till');
	expect(await barriers(page, 'all')).toEqual([]);

	// Of Synops itself they see that it is planned, and nothing to do.
	await admin.planStop('New disks', 90);
	await openLive(page, '/admin/maintenance');
	await expect(page.getByRole('alert')).toContainText('Only administrators');
	await openLive(page, `/maintenances/new?affects=${instance_id}`);
	await expect(page.getByRole('checkbox', { name: 'Synops itself' })).toHaveCount(0);
});
