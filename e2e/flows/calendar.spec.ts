import { barriers } from '../support/axe';
import { expect, test } from '../support/flow';
import { field, heading, openLive } from '../support/page';

const hour_ms = 3_600_000;
const dayOf = (at: Date): string =>
	`${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, '0')}-${String(at.getDate()).padStart(2, '0')}`;

/** Noon, so many days from now. */
function noon(days: number): Date {
	const at = new Date();
	at.setHours(12, 0, 0, 0);
	at.setDate(at.getDate() + days);
	return at;
}

test('the calendar shows what is planned as it changes, and is gone about in with the keys', async ({ admin, browseAs }) => {
	const place = await admin.create('workspace', 'Shop');
	const till = await admin.system('Till', place);
	const begins = noon(10);
	const page = await browseAs(await admin.me());
	await openLive(page, `/maintenances?tab=calendar&day=${dayOf(begins)}`);
	const calendar = page.getByTestId('calendar');
	await expect(calendar.getByRole('table')).toBeVisible();
	const [made] = await admin.intend({
		type: 'plan_maintenance',
		title: 'New disks',
		maintenance: {
			starts_at: begins.toISOString(),
			ends_at: new Date(begins.getTime() + 2 * hour_ms).toISOString(),
			affects: [till.id]
		}
	});
	const cell = (day: Date) => calendar.locator(`[data-day="${dayOf(day)}"]`);
	await expect(cell(begins)).toContainText('12:00 New disks');
	expect(await barriers(page, 'all'), 'the month').toEqual([]);

	await cell(begins).getByRole('button').focus();
	await page.keyboard.press('ArrowRight');
	await expect(cell(noon(11)).getByRole('button')).toBeFocused();
	await page.keyboard.press('ArrowLeft');
	await page.keyboard.press('Enter');
	await expect(page).toHaveURL(/span=week/);
	await expect(cell(begins)).toContainText('12:00 – 14:00 New disks');
	expect(await barriers(page, 'all'), 'the week').toEqual([]);

	await calendar.getByRole('link', { name: /New disks/ }).click();
	await page.getByRole('link', { name: 'Edit' }).click();
	await field(page, 'Ends').fill(`${dayOf(begins)}T15:00`);
	await field(page, 'Links').fill('Plan https://wiki.example.org/disks');
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(page.getByRole('link', { name: 'Plan', exact: true })).toHaveAttribute('href', 'https://wiki.example.org/disks');
	await openLive(page, `/maintenances?tab=calendar&span=week&day=${dayOf(begins)}`);
	await expect(cell(begins)).toContainText('12:00 – 15:00 New disks');

	await admin.intend({ type: 'cancel_maintenance', id: made?.node?.id ?? '' });
	await expect(cell(begins).getByRole('link')).toHaveAttribute('data-state', 'cancelled');
	await calendar.getByRole('link', { name: /New disks/ }).click();
	await expect(heading(page, 'New disks')).toBeVisible();
	await page.goBack();
	await expect(cell(begins)).toContainText('New disks');

	await page.setViewportSize({ width: 390, height: 800 });
	await expect(calendar.getByRole('table')).toBeHidden();
	await expect(calendar.getByRole('listitem').filter({ hasText: 'New disks' }).first()).toBeVisible();
	expect(await barriers(page, 'all'), 'the agenda').toEqual([]);
});

test('a series is planned with a preview, its windows stand in the calendar, and it ends', async ({ admin, browseAs }) => {
	const place = await admin.create('workspace', 'Shop');
	const till = await admin.system('Till', place);
	const page = await browseAs(await admin.me());
	await openLive(page, `/maintenances/new?affects=${till.id}`);
	await field(page, 'Title').fill('Weekly restart');
	const begins = noon(3);
	await field(page, 'Begins').fill(`${dayOf(begins)}T02:30`);
	await field(page, 'Ends').fill(`${dayOf(begins)}T03:30`);
	await page.getByRole('checkbox', { name: 'It comes again' }).check();
	await field(page, 'Time zone').selectOption('Europe/Oslo');
	const windows = page.getByTestId('windows').getByRole('listitem');
	await expect(windows).toHaveCount(8);
	await field(page, 'Until when').selectOption('count');
	await field(page, 'Times').fill('3');
	await expect(windows).toHaveCount(3);
	for (const window of await windows.all()) await expect(window).toContainText('02:30');
	expect(await barriers(page, 'all'), 'the form').toEqual([]);
	await page.getByRole('button', { name: 'Plan the series' }).click();

	await expect(heading(page, 'Weekly restart')).toBeVisible();
	await expect(page.getByRole('region', { name: 'Series' })).toContainText(/Every week on \w+, 3 times/);
	await expect(windows.getByRole('link')).toHaveCount(3);
	expect(await barriers(page, 'all'), 'the series').toEqual([]);
	await page.getByRole('link', { name: 'Edit' }).click();
	await field(page, 'Interval').fill('2');
	await expect(windows.getByText('02:30')).toHaveCount(3);
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(page.getByRole('region', { name: 'Series' })).toContainText(/Every 2 weeks on \w+, 3 times/);
	await expect(windows.getByRole('link')).toHaveCount(3);
	await openLive(page, `/maintenances?tab=calendar&span=week&day=${dayOf(begins)}`);
	await expect(page.getByTestId('calendar').getByRole('link', { name: /Weekly restart/ })).toBeVisible();

	await openLive(page, '/maintenances?tab=series');
	await page.getByRole('link', { name: 'Weekly restart' }).click();
	await page.getByRole('button', { name: 'End the series' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'End the series' }).click();
	await expect(page.getByText('None of its windows lies ahead.')).toBeVisible();
	await expect(page.getByRole('button', { name: 'End the series' })).toHaveCount(0);
	await openLive(page, '/maintenances');
	await expect(page.getByRole('region', { name: 'Past' }).getByText('Weekly restart')).toHaveCount(3);
});

test('several are closed at once, and one’s own calendar is subscribed to and taken back', async ({ admin, browseAs }) => {
	const place = await admin.create('workspace', 'Shop');
	const till = await admin.system('Till', place);
	for (const title of ['Disks', 'Network', 'Power']) {
		const [made] = await admin.intend({
			type: 'plan_maintenance',
			title,
			maintenance: { starts_at: noon(1).toISOString(), ends_at: noon(2).toISOString(), affects: [till.id] }
		});
		await admin.intend({ type: 'start_maintenance', id: made?.node?.id ?? '' });
	}
	const page = await browseAs(await admin.me());
	await openLive(page, '/maintenances');
	const under = page.getByRole('region', { name: 'Under way' });
	await under.getByRole('checkbox', { name: 'Choose Disks' }).check();
	await under.getByRole('checkbox', { name: 'Choose Network' }).check();
	await under.getByRole('button', { name: 'Close those chosen' }).click();
	const dialog = page.getByRole('dialog');
	await expect(dialog).toContainText('Close 2 maintenances now?');
	await dialog.getByRole('button', { name: 'Close those chosen' }).click();
	await expect(dialog).toBeHidden();
	await expect(under.getByRole('listitem')).toHaveCount(1);
	await expect(under).toContainText('Power');
	await expect(page.getByRole('region', { name: 'Past' })).toContainText('Disks');

	await page.getByRole('button', { name: 'Subscribe' }).click();
	await dialog.getByRole('button', { name: 'Make an address' }).click();
	const address = await dialog.getByTestId('secret').inputValue();
	const { pathname, search } = new URL(address);
	const read = () => page.context().request.get(pathname + search);
	expect(await (await read()).text()).toContain('SUMMARY:Power');
	expect(await barriers(page, 'all')).toEqual([]);
	await dialog.getByRole('button', { name: 'Take it back' }).click();
	await expect(dialog).toBeHidden();
	expect((await read()).status()).toBe(401);
	await page.getByRole('button', { name: 'Subscribe' }).click();
	await expect(dialog.getByTestId('secret')).toHaveCount(0);
});
