import type { Locator, Page } from '@playwright/test';
import type { Node } from '../support/api';
import { barriers } from '../support/axe';
import { expect, test as base } from '../support/flow';
import { countLoads, heading, openLive } from '../support/page';
import { Tracker, type Fix } from '../support/tracker';
import { Wire } from '../support/wire';

const test = base.extend<{
	/** A device that is connected. */
	connect(imei: string): Promise<Tracker>;
}>({
	connect: async ({ server }, use) => {
		const trackers: Tracker[] = [];
		await use(async (imei) => {
			await expect.poll(() => server.devicePort).not.toBeNull();
			const tracker = await Tracker.connect(server.devicePort ?? 0, imei);
			trackers.push(tracker);
			return tracker;
		});
		for (const tracker of trackers) tracker.end();
	}
});

const van_imei = '356307042441013';
const truck_imei = '352093081452251';

/** A device in the list. */
const entry = (page: Page, title: string): Locator => page.getByRole('option').filter({ hasText: title });
const picked = (page: Page): Locator => page.getByTestId('picked');
const state = (page: Page): Locator => page.getByRole('region', { name: 'State', exact: true });
const part = (page: Page, name: string): Locator => page.getByRole('main').getByRole('link', { name, exact: true });

test.describe('on the map', () => {
	/** How near the map looks at a device that is alone. */
	const near_zoom = 13;
	const world_px = 512 * 2 ** near_zoom;
	const stride_px = 60;
	/** To five digits, as places are shown. */
	const stride = Number(((stride_px * 360) / world_px).toFixed(5));
	/** So many strides, of about 290 m, to the east. */
	const along = (strides: number): Fix => ({ longitude: 10.7 + stride * strides, latitude: 59.9, heading_deg: 90 });

	/** Chooses what is so far east of the map's middle, as soon as something is there: the cursor says so. */
	async function pick(page: Page, east_px: number): Promise<void> {
		const map = page.getByTestId('map');
		const box = await map.boundingBox();
		if (!box) throw new Error('there is no map');
		const [x, y] = [box.x + box.width / 2 + east_px, box.y + box.height / 2];
		let looks = 0;
		const cursor = async () => {
			await page.mouse.move(x + (looks++ % 2), y);
			return map.locator('canvas').evaluate((canvas) => canvas.style.cursor);
		};
		await expect.poll(cursor, 'something is there').toBe('pointer');
		await page.mouse.click(x, y);
	}

	test('a device moves live, and what it does at a fence is told and kept', async ({ admin, browseAs, connect }) => {
		const place = await admin.create('workspace', 'Transport');
		const kari = await admin.person('kari', 'Kari Nordmann');
		await admin.link('reader', kari, place);
		await admin.device('Van 12', place, van_imei);
		const page = await browseAs(kari);
		const wire = new Wire(page);
		await openLive(page, '/fleet');
		const loads = countLoads(page);
		await expect(entry(page, 'Van 12')).toContainText('Not seen yet');
		// It tells of what is done at it from now on.
		const { longitude, latitude } = along(4);
		const harbour = await admin.geofence('Harbour', place, { type: 'circle', center: [longitude, latitude], radius_m: 100 });
		await expect.poll(() => wire.follows(`node:${harbour.id}`)).toBe(true);

		const tracker = await connect(van_imei);
		await tracker.send(along(0));
		await expect(entry(page, 'Van 12')).toContainText('Stopped');
		await pick(page, 0);
		await expect(picked(page)).toContainText('Van 12');
		await expect(picked(page).locator('[data-sign=stopped]')).toBeVisible();
		for (const strides of [1, 2, 3, 4]) {
			await tracker.send({ ...along(strides), speed_kmh: 50 + strides });
			await expect(entry(page, 'Van 12')).toContainText('Moving');
			await expect(entry(page, 'Van 12')).toContainText(`${50 + strides} km/h`);
		}
		await expect(picked(page)).toContainText('54 km/h');
		await expect(picked(page)).toContainText('Harbour');
		await picked(page).getByRole('button', { name: 'Close' }).click();
		await expect(picked(page)).toHaveCount(0);
		await pick(page, 4 * stride_px);
		await expect(picked(page)).toContainText('Van 12');

		await page.getByRole('button', { name: 'Events', exact: true }).click();
		const crossings = page.getByTestId('crossings').getByRole('listitem');
		await expect(crossings).toHaveText([/Van 12 entered Harbour/]);
		await tracker.send({ ...along(5), speed_kmh: 55 });
		await expect(crossings).toHaveText([/Van 12 left Harbour/, /Van 12 entered Harbour/]);
		await expect(picked(page)).toContainText('55 km/h');
		await expect(picked(page)).not.toContainText('Harbour');
		expect(await barriers(page, 'all')).toEqual([]);

		await crossings.first().getByRole('link', { name: 'Van 12' }).click();
		await expect(heading(page, 'Van 12')).toBeVisible();
		await expect(state(page)).toContainText('59.90000, 10.72575');
		await expect(state(page)).toContainText('55 km/h');
		await expect(state(page)).toContainText('No fence');
		await expect(page.getByRole('region', { name: 'Values of the device' })).toContainText(/Ignition\s*On.*Supply voltage\s*13\.8 V/);
		await tracker.send({ ...along(6), speed_kmh: 56 });
		await expect(state(page)).toContainText('59.90000, 10.73090');
		await expect(state(page)).toContainText('56 km/h');

		await part(page, 'Timing records').click();
		const records = page.getByRole('row').filter({ hasText: 'Harbour' });
		await expect(records).toHaveCount(1);
		await expect(records).not.toContainText('still inside');
		await tracker.send({ ...along(5), speed_kmh: 55 }, { ...along(4), speed_kmh: 54 });
		await expect(records, 'it is there again').toHaveCount(2);
		await expect(records.first()).toContainText('still inside');
		expect(loads(), 'all of it without a load').toBe(0);
	});
});

test.describe('who may not see a device', () => {
	/** Digits that no time of the clock has. */
	const van_at = { longitude: 67.8912, latitude: 69.9123 };
	const truck_at = { longitude: 123.4567, latitude: 71.2345 };
	/** A few millimetres further, and faster: the first digits stay. */
	const step = ({ longitude, latitude }: Fix, n: number): Fix => ({ longitude: longitude + n * 1e-7, latitude, speed_kmh: 20 + n });
	const van_says = (van: Node) => [van.id, 'Blue van', van_imei, '67.8912', '69.9123'];
	const truck_says = (truck: Node) => [truck.id, 'Red truck', truck_imei, '123.4567', '71.2345'];

	test('never receives its positions', async ({ admin, browseAs, connect, database }) => {
		const [here, there] = [await admin.create('workspace', 'Transport'), await admin.create('workspace', 'Rescue')];
		const [van, truck] = [await admin.device('Blue van', here, van_imei), await admin.device('Red truck', there, truck_imei)];
		const kari = await admin.person('kari', 'Kari Nordmann');
		await admin.link('reader', kari, here);
		const page = await browseAs(kari);
		const wire = new Wire(page);
		await openLive(page, '/fleet');
		await expect(entry(page, 'Blue van')).toBeVisible();

		const [seen, hidden] = [await connect(van_imei), await connect(truck_imei)];
		for (let n = 0; n < 10; n++) {
			// What is heard of the one comes after what might have been heard of the other.
			await hidden.send(step(truck_at, n));
			await seen.send(step(van_at, n));
			await expect(entry(page, 'Blue van')).toContainText(`${20 + n} km/h`);
		}
		const rename = (node: Node, title: string) => `update nodes set title = '${title}' where id = '${node.id}'`;
		await database.psql(rename(truck, 'Red truck, full'), rename(van, 'Blue van, full'));
		await expect(entry(page, 'Blue van, full')).toBeVisible();
		await entry(page, 'Blue van, full').dblclick();
		await expect(state(page)).toContainText('29 km/h');
		await hidden.send(step(truck_at, 10));
		await seen.send(step(van_at, 10));
		await expect(state(page)).toContainText('30 km/h');

		for (const path of ['/api/v1/devices', '/api/v1/devices/positions', '/api/v1/devices?q=3']) {
			const answer = await (await page.request.get(path)).text();
			expect(answer, path).toContain(van.id);
			expect(answer, path).not.toContain(truck.id);
		}
		for (const text of van_says(van)) expect(await wire.heard(text), text).not.toEqual([]);
		for (const text of truck_says(truck)) expect(await wire.heard(text), text).toEqual([]);
	});

	test('receives none any more when access was taken away', async ({ admin, browseAs, connect }) => {
		const [here, there] = [await admin.create('workspace', 'Transport'), await admin.create('workspace', 'Rescue')];
		const [van, truck] = [await admin.device('Blue van', here, van_imei), await admin.device('Red truck', there, truck_imei)];
		const kari = await admin.person('kari', 'Kari Nordmann');
		await admin.link('reader', kari, here);
		const access = await admin.link('reader', kari, there);
		const page = await browseAs(kari);
		const wire = new Wire(page);
		await openLive(page, '/fleet');
		const [kept, lost] = [await connect(van_imei), await connect(truck_imei)];
		await Promise.all([kept.send(step(van_at, 0)), lost.send(step(truck_at, 0))]);
		for (const title of ['Blue van', 'Red truck']) await expect(entry(page, title)).toContainText('20 km/h');
		for (const text of truck_says(truck)) expect(await wire.heard(text), text).not.toEqual([]);

		await admin.intend({ type: 'delete_edge', id: access.id, version: access.version });
		await expect(page.getByTestId('count')).toHaveText('1 device');
		await expect(entry(page, 'Red truck')).toHaveCount(0);
		wire.forget();
		for (let n = 1; n < 10; n++) {
			await lost.send(step(truck_at, n));
			await kept.send(step(van_at, n));
			await expect(entry(page, 'Blue van')).toContainText(`${20 + n} km/h`);
		}
		await expect(entry(page, 'Red truck')).toHaveCount(0);
		expect(await wire.heard(van.id)).not.toEqual([]);
		for (const text of truck_says(truck)) expect(await wire.heard(text), text).toEqual([]);
	});
});

test.describe('where a device was', () => {
	const every_ms = 10_000;
	const count = 30;
	/** A hundred metres of longitude, and four of latitude, at 60° north. */
	const [east, north] = [0.0018, 0.0036];

	/** Five minutes that ended a while ago, to the second. From the tenth record to the fourteenth it was said to be elsewhere. */
	function drive(): { fixes: Fix[]; at: (n: number) => number; path: (device: Node) => string } {
		const begin = Math.floor(Date.now() / 1_000) * 1_000 - 6 * 60_000;
		const at = (n: number) => begin + n * every_ms;
		const fix = (n: number): Fix => ({
			longitude: 10.7 + n * east,
			latitude: n >= 10 && n <= 14 ? 60 + north : 60,
			speed_kmh: 20 + n,
			heading_deg: 90,
			at_ms: at(n)
		});
		const iso = (ms: number) => new Date(ms).toISOString();
		const range = new URLSearchParams({ from: iso(at(-6)), to: iso(at(count + 6)) });
		return { fixes: Array.from({ length: count }, (_, n) => fix(n)), at, path: ({ id }) => `/fleet/${id}?${range}` };
	}

	const trail = (page: Page): Locator => page.getByRole('group', { name: 'Trail', exact: true });
	const slider = (page: Page): Locator => page.getByRole('slider', { name: 'Time on the trail' });
	const moment = (page: Page): Locator => page.getByTestId('moment');
	const exactly = (ms: number): string => new Intl.DateTimeFormat('en-GB', { dateStyle: 'short', timeStyle: 'medium' }).format(ms);

	test('is looked at by the slider, by keys and by playing it', async ({ admin, browseAs, connect }) => {
		const place = await admin.create('workspace', 'Transport');
		const van = await admin.device('Van 12', place, van_imei);
		const kari = await admin.person('kari', 'Kari Nordmann');
		await admin.link('reader', kari, place);
		const { fixes, at, path } = drive();
		const tracker = await connect(van_imei);
		await tracker.send(...fixes);
		const page = await browseAs(kari);
		await openLive(page, path(van));
		await expect(trail(page)).toContainText('49 km/h');
		await expect(page.getByRole('button', { name: 'Stretch from here' }), 'a reader marks nothing').toHaveCount(0);

		await slider(page).press('Home');
		await expect(moment(page)).toHaveText(exactly(at(-6)));
		for (const n of [0, 1, 2]) {
			await slider(page).press('ArrowRight');
			await expect(moment(page)).toHaveText(exactly(at(n)));
			await expect(trail(page)).toContainText(`${20 + n} km/h`);
		}
		await slider(page).fill(String(at(12) + 4_000));
		await expect(moment(page)).toHaveText(exactly(at(12) + 4_000));
		await expect(trail(page)).toContainText('32 km/h');
		await slider(page).press('ArrowLeft');
		await expect(moment(page), 'the one before').toHaveText(exactly(at(12)));

		const rate = page.getByLabel('Speed of playback');
		await rate.selectOption('1×');
		await trail(page).getByRole('button', { name: 'Play' }).click();
		await expect(moment(page)).not.toHaveText(exactly(at(12)));
		await trail(page).getByRole('button', { name: 'Pause' }).click();
		const held = await moment(page).innerText();
		await rate.selectOption('300×');
		await expect(moment(page)).toHaveText(held);
		await trail(page).getByRole('button', { name: 'Play' }).click();
		await expect(moment(page), 'it plays to the last').toHaveText(exactly(at(count - 1)));
		await expect(trail(page)).toContainText('49 km/h');
		await expect(trail(page).getByRole('button', { name: 'Play' })).toBeVisible();
		await expect(page.getByRole('img', { name: 'Supply voltage over time' })).toBeVisible();
		expect(await barriers(page, 'all')).toEqual([]);
	});

	test('does not count where somebody says so, until they take it back', async ({ admin, browseAs, connect }) => {
		const place = await admin.create('workspace', 'Transport');
		const van = await admin.device('Van 12', place, van_imei);
		const kari = await admin.person('kari', 'Kari Nordmann');
		await admin.link('member_of', kari, place);
		const { fixes, at, path } = drive();
		const tracker = await connect(van_imei);
		await tracker.send(...fixes);
		const page = await browseAs(kari);
		await openLive(page, path(van));
		const loads = countLoads(page);
		await expect(state(page)).toContainText('3.5 km in');

		/** The record after this one on the trail, as it is shown. */
		const after = async (n: number) => {
			await slider(page).fill(String(at(n)));
			await slider(page).press('ArrowRight');
			return moment(page).innerText();
		};
		const choose = async (from: number, to: number) => {
			await slider(page).fill(String(at(from)));
			await page.getByRole('button', { name: 'Stretch from here' }).click();
			await slider(page).fill(String(at(to)));
			await page.getByRole('button', { name: 'Stretch to here' }).click();
		};
		await expect.poll(() => after(9)).toBe(exactly(at(10)));
		await choose(10, 14);
		await page.getByRole('button', { name: 'Mark as faulty' }).click();
		const dialog = page.getByRole('dialog', { name: 'Mark this stretch as faulty?' });
		await dialog.getByRole('button', { name: 'Mark as faulty' }).click();
		await expect(dialog).toBeHidden();
		await expect(state(page), 'without the detour').toContainText('2.9 km in');
		await expect.poll(() => after(9), 'with both ends of the stretch').toBe(exactly(at(15)));

		await choose(9, 15);
		await page.getByRole('button', { name: 'Not faulty after all' }).click();
		await expect(state(page)).toContainText('3.5 km in');
		await expect.poll(() => after(9)).toBe(exactly(at(10)));
		await part(page, 'Trips').click();
		await expect(page.getByRole('region', { name: 'Trips' }).getByRole('listitem')).toContainText(['3.5 km']);
		expect(loads()).toBe(0);
	});
});

test('a command waits for its device, and its answer is shown', async ({ admin, browseAs, connect }) => {
	const place = await admin.create('workspace', 'Transport');
	const van = await admin.device('Van 12', place, van_imei);
	const kari = await admin.person('kari', 'Kari Nordmann');
	await admin.link('member_of', kari, place);
	const page = await browseAs(kari);
	await openLive(page, `/fleet/${van.id}?tab=commands`);
	const commands = page.getByTestId('commands').getByRole('listitem');
	await expect(page.getByRole('main')).toContainText('No command was sent to this device.');
	await page.getByRole('main').getByRole('textbox', { name: 'Command' }).fill('getver');
	await page.getByRole('button', { name: 'Send' }).click();
	await expect(commands).toHaveText([/getver\s*Waiting for the device/]);

	const tracker = await connect(van_imei);
	expect(await tracker.command()).toBe('getver');
	await expect(commands).toHaveText([/getver\s*Sent, no answer yet/]);
	tracker.answer('Ver:03.29.00 Rev:12');
	await expect(commands).toHaveText([/getver\s*Answered.*Ver:03\.29\.00 Rev:12/]);
});
