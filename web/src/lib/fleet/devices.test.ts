import { describe, expect, it } from 'vitest';
import type { DeviceFacet } from '$lib/api/fleet';
import type { DeviceNode, Node } from '$lib/api/types';
import { node } from '$lib/live/testing/rows';
import { DeviceOrder, pinOf, placeOn, signOf } from './devices';
import { fits, filterOf, isFiltered, paramsOf, everything, type FleetFilter } from './filter';

const facet: DeviceFacet = { imei: '352093080000001', model: null, online: true, motion: 'moving', motion_since: null, seen_at: '2026-01-01T00:00:00Z', latitude: 59, longitude: 10 };
const device = (id: string, part: Partial<DeviceFacet> = {}, more: Partial<Node> = {}): DeviceNode =>
	({ ...node(id, 1, { title: id, ...more }), device: { ...facet, ...part } }) as DeviceNode;

describe('a device', () => {
	it.each<[Partial<DeviceFacet>, string]>([
		[{}, 'moving'],
		[{ motion: 'stopped' }, 'stopped'],
		[{ online: false }, 'offline'],
		[{ motion: 'unknown' }, 'unknown'],
		[{ online: false, seen_at: null }, 'unknown']
	])('%o is shown as %s', (part, sign) => expect(signOf(device('a', part))).toBe(sign));

	it.each<[Partial<DeviceFacet>, number | null, string]>([
		[{ motion: 'stopped' }, 80, 'stopped'],
		[{ motion: undefined }, 80, 'moving'],
		[{ motion: undefined }, 3, 'stopped'],
		[{ motion: 'unknown' }, null, 'unknown'],
		[{ motion: undefined, online: false, seen_at: undefined }, 80, 'offline']
	])('%o at %o km/h is shown as %s', (part, speed_kmh, sign) => {
		expect(signOf(device('a', part), { at: 1, longitude: 0, latitude: 0, speed_kmh, heading_deg: null })).toBe(sign);
	});

	it('is where its positions say, until then where its node says, and else nowhere', () => {
		const position = { at: 1, longitude: 11, latitude: 60, speed_kmh: 1, heading_deg: 90 };
		expect(placeOn(device('a'), position)).toEqual([11, 60]);
		expect(placeOn(device('a'), undefined)).toEqual([10, 59]);
		expect(pinOf(device('a', { latitude: null, longitude: null }), undefined)).toBeNull();
		expect(pinOf(device('a'), position)).toMatchObject({ id: 'a', heading: 90, sign: 'moving' });
	});
});

describe('the order', () => {
	it('is by title, with numbers as numbers, and follows what comes, goes and is named anew', () => {
		const order = new DeviceOrder();
		const titles = (...nodes: Node[]) => order.sorted(nodes).map(({ title }) => title);
		const [van2, van10, bus] = [device('1', {}, { title: 'Van 2' }), device('2', {}, { title: 'van 10' }), device('3', {}, { title: 'Bus' })];
		expect(titles(van10, van2, node('x'), bus)).toEqual(['Bus', 'Van 2', 'van 10']);
		expect(titles(van10, van2)).toEqual(['Van 2', 'van 10']);
		expect(titles(van10, { ...van2, title: 'Van 30' })).toEqual(['van 10', 'Van 30']);
		const other = device('4', {}, { title: 'A' });
		expect(titles(van10, other), 'as many as before').toEqual(['A', 'van 10']);
	});

	it('brings a device as it is now, also where the order stays', () => {
		const order = new DeviceOrder();
		order.sorted([device('1')]);
		expect(order.sorted([device('1', { online: false })])[0]?.device.online).toBe(false);
	});
});

describe('a filter', () => {
	const away = device('Van away', { online: false, motion: 'moving' });
	const here = device('Van here', { motion: 'stopped' });
	const moving = device('Bus', { imei: '111' });
	it.each<[Partial<FleetFilter>, string[]]>([
		[{}, ['Van away', 'Van here', 'Bus']],
		[{ text: ' VAN ' }, ['Van away', 'Van here']],
		[{ text: '111' }, ['Bus']],
		[{ presence: 'online' }, ['Van here', 'Bus']],
		[{ presence: 'offline' }, ['Van away']],
		[{ presence: 'moving' }, ['Bus']],
		[{ presence: 'stopped', text: 'van' }, ['Van here']],
		[{ fence: 'f' }, ['Bus']]
	])('%o', (part, expected) => {
		const fitting = fits({ ...everything, ...part }, new Set(['Bus']));
		expect([away, here, moving].filter(fitting).map(({ id }) => id)).toEqual(expected);
	});

	it('has an address, which leads back to it', () => {
		const filter: FleetFilter = { text: 'van', presence: 'stopped', fence: 'f1' };
		expect(filterOf(paramsOf(filter))).toEqual(filter);
		expect([isFiltered(filter), isFiltered(everything), isFiltered({ ...everything, text: ' ' })]).toEqual([true, false, false]);
		expect(filterOf(new URLSearchParams('show=nonsense'))).toEqual(everything);
	});
});
