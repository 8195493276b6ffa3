import { describe, expect, it } from 'vitest';
import type { IoValue } from '$lib/api/fleet';
import { i18n } from '$lib/i18n/index.svelte';
import { node } from '$lib/live/testing/rows';
import { readDevice, writeDevice } from './device-values';
import { ioInOrder, ioText, ioTitle } from './io';
import { gap_ms, headAt, indexAt, linesOf, played, stepped, type TrailPoint } from './playback';
import { seriesOf, speedOf, voltageOf } from './series';

i18n.locale = 'en';
const point = (at_ms: number, longitude = 0, latitude = 0, more: Partial<TrailPoint> = {}): TrailPoint => ({
	at_ms,
	at: new Date(at_ms).toISOString(),
	longitude,
	latitude,
	altitude_m: null,
	heading_deg: 90,
	speed_kmh: 10,
	satellites: null,
	io: {},
	faulty: null,
	...more
});
const trail = [point(1_000, 10), point(2_000, 11), point(4_000, 13), point(4_000 + gap_ms + 1, 20)];

describe('playback', () => {
	it.each([
		[0, -1],
		[1_000, 0],
		[1_999, 0],
		[2_000, 1],
		[9_000, 2],
		[9_000_000, 3]
	])('at %i ms is position %i', (at, index) => expect(indexAt(trail, at)).toBe(index));

	it.each([
		[0, 10],
		[1_500, 10.5],
		[3_000, 12],
		[4_000, 13],
		[4_000 + gap_ms / 2, 13],
		[9_000_000, 20]
	])('at %i ms it is at %d°', (at, longitude) => expect(headAt(trail, at)?.longitude).toBeCloseTo(longitude));

	it('goes the short way over the date line', () => {
		expect(headAt([point(0, 179), point(1_000, -179)], 500)?.longitude).toBeCloseTo(180);
		expect(linesOf([point(0, 179), point(1_000, -179)])).toEqual([[[179, 0], [181, 0]]]);
	});

	it('has no line over a gap, and none of a single position', () => {
		expect(linesOf(trail)).toEqual([[[10, 0], [11, 0], [13, 0]]]);
		expect(headAt([], 5)).toBeNull();
	});

	it('runs as fast as it is asked to, and to the end', () => {
		expect(played(1_000, 100, 10, 9_000)).toBe(2_000);
		expect(played(1_000, 100, 300, 9_000)).toBe(9_000);
	});

	it.each([
		[1_000, 1, 2_000],
		[1_500, 1, 2_000],
		[1_500, -1, 1_000],
		[2_000, -1, 1_000],
		[1_000, -1, 1_000],
		[9_000_000, 1, 4_001 + gap_ms]
	] as const)('from %i steps %i to %i', (from, by, to) => expect(stepped(trail, from, by)).toBe(to));
});

describe('series', () => {
	it('have a hole where nothing was heard', () => {
		expect(seriesOf([point(0), point(gap_ms + 2_000)], speedOf)).toEqual([[0, (gap_ms + 2_000) / 2_000, (gap_ms + 2_000) / 1_000], [10, null, 10]]);
	});
	it('tell a voltage in volts, where there is one', () => {
		expect(voltageOf(point(0, 0, 0, { io: { 66: 14_050 } }))).toBe(14.05);
		expect(voltageOf(point(0))).toBeNull();
	});
});

describe('values of a device', () => {
	const value = (id: number, name: string | null, of: number | string, unit: string | null = null): IoValue => ({ id, name, value: of, unit });
	it.each<[IoValue, string, string]>([
		[value(239, 'Ignition', 1), 'Ignition', 'On'],
		[value(1, 'Digital input 1', 0), 'Digital input 1', 'Off'],
		[value(66, 'External voltage', 14.05, 'V'), 'Supply voltage', '14.05 V'],
		[value(16, 'Total odometer', 182_034_211, 'm'), 'Odometer', '182,034 km'],
		[value(21, 'GSM signal', 4), 'Mobile signal', '4'],
		[value(10_812, null, 3), 'Value 10812', '3'],
		[value(78, 'iButton', '00ff'), 'iButton', '00ff']
	])('%o', (io, title, text) => expect([ioTitle(io), ioText(io)]).toEqual([title, text]));
	it('are in order, those without a name last', () => {
		const order = ioInOrder([value(500, null, 1), value(239, 'Ignition', 1), value(400, null, 1), value(67, 'Battery voltage', 1)]);
		expect(order.map(({ id }) => id)).toEqual([67, 239, 400, 500]);
	});
});

describe('the form of a device', () => {
	it('sends what was changed, an IMEI without its blanks, and no model as none', () => {
		expect(writeDevice({ imei: '35 209308-000000 1' })).toEqual({ imei: '352093080000001' });
		expect(writeDevice({ title: ' Van ', model: ' ' })).toEqual({ title: 'Van', model: '' });
		expect(writeDevice({})).toEqual({});
		expect(readDevice(node('a', 1, { title: 'Van' }))).toEqual({ title: 'Van', body: '', imei: '', model: '' });
	});
});
