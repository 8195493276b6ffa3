import { describe, expect, it } from 'vitest';
import { crossed, crossings_max, joined, type Inside } from './crossings';
import { isWithin, Positions } from './positions';
import { rows_max, scrollTo, windowOf } from './window';

describe('positions', () => {
	it('keep the latest of each device, in whatever order they come', () => {
		const positions = new Positions();
		expect(positions.take([['a', 2, 10, 60, 50, 0], ['b', 1, 0, 0, null, null]])).toEqual(['a', 'b']);
		expect(positions.take([['a', 1, 99, 9, 1, 1]]), 'an older one').toEqual([]);
		expect(positions.get('a')).toMatchObject({ at: 2, longitude: 10, latitude: 60 });
		expect(positions.take([['a', 3, 11, 60, 50, 0]])).toEqual(['a']);
		positions.forget('a');
		expect([positions.get('a'), positions.size]).toEqual([undefined, 1]);
	});

	it.each<[[number, number, number, number], number, boolean]>([
		[[9, 59, 11, 61], 10, true],
		[[9, 59, 11, 61], 12, false],
		[[170, 59, 190, 61], -175, true],
		[[-190, 59, -170, 61], 175, true],
		[[9, 61, 11, 62], 10, false]
	])('of the window %o is one at %i°: %s', (bbox, longitude, expected) => expect(isWithin(bbox, { longitude, latitude: 60 })).toBe(expected));
});

describe('crossings', () => {
	const edge = (device: string, fence: string): Inside => ({ id: `${device}>${fence}`, source_id: device, target_id: fence, created_at: '2026-01-01T00:00:00Z' });
	const map = (...edges: Inside[]) => new Map(edges.map((one) => [one.id, one]));
	const all = () => true;

	it('are told when one comes in, and when it goes', () => {
		const [a, b] = [edge('a', 'f'), edge('b', 'f')];
		expect(crossed(map(a), map(b), all, all, 5)).toEqual([
			{ id: 'entered b>f', kind: 'entered', device_id: 'b', fence_id: 'f', at: Date.parse(b.created_at) },
			{ id: 'left a>f', kind: 'left', device_id: 'a', fence_id: 'f', at: 5 }
		]);
		expect(crossed(map(a), map(a), all, all, 5)).toEqual([]);
	});

	it('are none where the fence was not followed, or what went is out of sight', () => {
		const a = edge('a', 'f');
		expect(crossed(map(), map(a), () => false, all, 5)).toEqual([]);
		expect(crossed(map(a), map(), all, (id) => id !== 'a', 5)).toEqual([]);
		expect(crossed(map(a), map(), all, (id) => id !== 'f', 5)).toEqual([]);
	});

	it('are kept only so long', () => {
		const many = Array.from({ length: crossings_max + 5 }, (_, at) => ({ id: `${at}`, kind: 'left' as const, device_id: '', fence_id: '', at }));
		expect(joined(many.slice(0, 2), many.slice(2)).map(({ id }) => id).slice(0, 3)).toEqual(['0', '1', '2']);
		expect(joined([], many)).toHaveLength(crossings_max);
	});
});

describe('the window of a long list', () => {
	const row = 50;
	it.each<[string, number, number, number, { from: number; to: number }]>([
		['at its top', 0, 500, 10_000, { from: 0, to: 27 }],
		['in its middle', 250_000, 500, 10_000, { from: 4_992, to: 5_019 }],
		['at its end', 499_500, 500, 10_000, { from: 9_981, to: 10_000 }],
		['of a few', 0, 500, 3, { from: 0, to: 3 }],
		['of none', 0, 500, 0, { from: 0, to: 0 }],
		['that has become shorter', 250_000, 500, 20, { from: 1, to: 20 }],
		['pulled beyond its top', -80, 500, 100, { from: 0, to: 27 }]
	])('%s', (_, scrolled, height, count, expected) => expect(windowOf(scrolled, height, row, count)).toEqual(expected));

	it('is never more than so many rows, however high', () => {
		const { from, to } = windowOf(0, 1_000_000, row, 10_000);
		expect(to - from).toBe(rows_max);
	});

	it.each<[number, number | null]>([
		[0, 0],
		[9, 450],
		[10, null],
		[19, null],
		[20, 550]
	])('is scrolled for row %i to %o', (index, expected) => expect(scrollTo(index, 500, 500, row)).toBe(expected));
});
