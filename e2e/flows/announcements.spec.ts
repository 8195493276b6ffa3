import type { Locator, Page } from '@playwright/test';
import { barriers } from '../support/axe';
import { instance_id, type Api } from '../support/api';
import { expect, test } from '../support/flow';
import { countLoads, field, heading, open, openLive } from '../support/page';

/** What stands on top of a page. */
const lines = (page: Page): Locator => page.getByTestId('announcements').getByTestId('announcement');
const rows = (page: Page, region: string): Locator => page.getByRole('region', { name: region, exact: true }).getByTestId('announcement-row');

const announce = (admin: Api, title: string, announcement: Record<string, string> = {}) =>
	admin.intend({ type: 'create_announcement', parent_id: instance_id, title, body: '', announcement });

test('an announcement is seen everywhere at once, put away on all one’s devices, and seen again with other words', async ({
	admin,
	browse,
	browseAs
}) => {
	const kari = await admin.person('kari', 'Kari Nordmann');
	const [desk, phone, stranger] = [await browseAs(kari), await browseAs(kari), await browse()];
	const page = await browseAs(await admin.me());
	await openLive(desk, '/people');
	await openLive(phone, '/account');
	await open(stranger, '/sign-in');
	await expect(stranger.getByRole('heading', { level: 1 })).toBeVisible();
	const loads = [desk, phone, stranger].map(countLoads);

	await openLive(page, '/announcements/new');
	await field(page, 'Title').fill('The lift is out of order');
	await field(page, 'Text').fill('Take the **stairs**.\n\nUntil noon.');
	const preview = page.getByRole('region', { name: 'Preview' });
	await expect(preview.getByTestId('announcement')).toContainText('The lift is out of order Take the stairs.');
	await expect(preview.locator('strong').first()).toHaveText('stairs');
	await field(page, 'Severity').selectOption('warning');
	await field(page, 'For whom').selectOption('all');
	expect(await barriers(page, 'all'), 'the form').toEqual([]);
	await page.getByRole('button', { name: 'Announce it' }).click();
	for (const one of [page, desk, phone, stranger]) {
		await expect(lines(one)).toHaveCount(1);
		await expect(lines(one)).toContainText('The lift is out of order Take the stairs.');
		await expect(lines(one)).toHaveAttribute('data-severity', 'warning');
	}
	for (const one of [desk, stranger]) expect(await barriers(one, 'all')).toEqual([]);

	await lines(desk).getByRole('button', { name: /^Put away/ }).click();
	for (const one of [desk, phone]) await expect(lines(one)).toHaveCount(0);
	for (const one of [page, stranger]) await expect(lines(one)).toHaveCount(1);
	await lines(stranger).getByRole('button', { name: /^Put away/ }).click();
	await expect(lines(stranger)).toHaveCount(0);
	// Who is not signed in has it put away in this browser, another tab of it too.
	const tab = await stranger.context().newPage();
	await open(tab, '/sign-in');
	await expect(tab.getByRole('heading', { level: 1 })).toBeVisible();
	await expect(tab.getByTestId('announcements')).toBeAttached();
	await expect(lines(tab)).toHaveCount(0);

	await page.getByRole('main').getByRole('link', { name: 'The lift is out of order' }).click();
	await page.getByRole('link', { name: 'Edit' }).click();
	await field(page, 'Title').fill('Both lifts are out of order');
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(heading(page, 'Both lifts are out of order')).toBeVisible();
	for (const one of [page, desk, phone, stranger]) await expect(lines(one)).toContainText('Both lifts');
	// Also somebody who may see nothing else can read it.
	await lines(stranger).getByRole('link', { name: 'Both lifts are out of order' }).click();
	await expect(heading(stranger, 'Both lifts are out of order')).toBeVisible();
	await expect(stranger.getByText('Until noon.')).toBeVisible();
	await expect(stranger.getByRole('button', { name: 'End it now' })).toHaveCount(0);

	await page.getByRole('button', { name: 'End it now' }).click();
	for (const one of [page, desk, phone, stranger]) await expect(lines(one)).toHaveCount(0);
	expect(loads.map((count) => count())).toEqual([0, 0, 0]);
});

test('announcements begin and end by the clock, without a reload', async ({ admin, browse, browseAs }) => {
	const [page, stranger] = [await browseAs(await admin.me()), await browse()];
	await openLive(page, '/announcements');
	await open(stranger, '/sign-in');
	await expect(stranger.getByRole('heading', { level: 1 })).toBeVisible();
	const starts_at = new Date(Date.now() + 8_000).toISOString();
	const ends_at = new Date(Date.now() + 16_000).toISOString();
	await announce(admin, 'A short test', { starts_at, ends_at, audience: 'all' });
	await expect(rows(page, 'Planned')).toContainText('A short test');
	await expect(lines(page)).toHaveCount(0);
	for (const one of [page, stranger]) await expect(lines(one)).toContainText('A short test');
	await expect(rows(page, 'Shown now')).toContainText('A short test');
	for (const one of [page, stranger]) await expect(lines(one)).toHaveCount(0);
	await expect(rows(page, 'Past')).toContainText('A short test');
});

test('they are ordered by keys and by dragging, for everybody', async ({ admin, browseAs }) => {
	for (const title of ['First', 'Second', 'Third']) await announce(admin, title);
	const [page, kari] = [await browseAs(await admin.me()), await browseAs(await admin.person('kari', 'Kari Nordmann'))];
	for (const one of [page, kari]) await openLive(one, '/announcements');
	const titles = (of: Page) => rows(of, 'Shown now').getByRole('link');
	await expect(titles(page)).toHaveText(['Third', 'Second', 'First']);
	await expect(page.getByRole('link', { name: '1 more announcement' })).toBeVisible();
	await expect(kari.getByRole('button', { name: /^Move/ })).toHaveCount(0);
	await expect(kari.getByRole('link', { name: 'New announcement' })).toHaveCount(0);

	const handle = page.getByRole('button', { name: /^Move First/ });
	await handle.focus();
	await page.keyboard.press('ArrowUp');
	await expect(titles(page)).toHaveText(['Third', 'First', 'Second']);
	await expect(handle).toBeFocused();
	// Each comes before the one before it is kept.
	for (const key of ['ArrowDown', 'ArrowUp', 'ArrowUp']) await page.keyboard.press(key);
	for (const one of [page, kari]) await expect(titles(one)).toHaveText(['First', 'Third', 'Second']);
	await expect(handle).toBeFocused();
	await expect(lines(kari).first()).toContainText('First');

	const [from, to] = [page.getByRole('button', { name: /^Move Second/ }), rows(page, 'Shown now').first()];
	const [start, end] = [await from.boundingBox(), await to.boundingBox()];
	if (!start || !end) throw new Error('nothing to drag');
	await page.mouse.move(start.x + 10, start.y + 10);
	await page.mouse.down();
	await page.mouse.move(start.x + 10, end.y + 4, { steps: 8 });
	await page.mouse.up();
	for (const one of [page, kari]) await expect(titles(one)).toHaveText(['Second', 'First', 'Third']);
	expect(await barriers(page, 'all')).toEqual([]);
});
