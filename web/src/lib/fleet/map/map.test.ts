import { describe, expect, it } from 'vitest';
import type { GeoJSONSourceDiff } from 'maplibre-gl';
import atlas from 'world-atlas/countries-110m.json';
import type { MultiPolygon } from 'geojson';
import type { Topology } from 'topojson-specification';
import { diffOf, type Pin } from './features';
import { draw_every_ms, Pins, pins_per_draw, type Frames } from './pins';
import { boundsOf, distance_m, pointAt, ringOf } from './shapes';
import { closed, unwrap, worldOf } from './world';

const pin = (id: string, longitude = 10): Pin => ({ id, title: id, sign: 'moving', longitude, latitude: 60, heading: 0 });

describe('what the map is told', () => {
	it('is those that are there, and those that were drawn and are not', () => {
		const drawn = new Set<string>(['b', 'c']);
		const diff = diffOf(['a', 'b', 'never'], (id) => (id === 'a' ? pin('a') : null), drawn);
		expect(diff?.add?.map(({ properties }) => properties?.id as string)).toEqual(['a']);
		expect(diff?.remove).toEqual(['b']);
		expect([...drawn].sort()).toEqual(['a', 'c']);
		expect(diffOf(['never'], () => null, drawn)).toBeNull();
	});
});

describe('pins', () => {
	class Desk implements Frames {
		diffs: GeoJSONSourceDiff[] = [];
		time = 0;
		waiting: (() => void)[] = [];
		finish: (() => void)[] = [];
		request(act: () => void): number {
			this.waiting.push(act);
			return this.waiting.length;
		}
		cancel(): void {
			this.waiting = [];
		}
		now = () => this.time;
		updateData = ((diff: GeoJSONSourceDiff) => {
			this.diffs.push(diff);
			return new Promise<void>((resolve) => this.finish.push(resolve));
		}) as never;
		frame(passed_ms = 0): void {
			this.time += passed_ms;
			for (const act of this.waiting.splice(0)) act();
		}
		async done(): Promise<void> {
			for (const resolve of this.finish.splice(0)) resolve();
			// Whoever waited for it goes on first.
			for (let turn = 0; turn < 5; turn++) await Promise.resolve();
		}
	}

	it('are drawn once, however often they move, and never before the map is done', async () => {
		const desk = new Desk();
		const pins = new Pins(desk, (id) => pin(id), desk);
		for (let n = 0; n < 1_000; n++) pins.touch(`d${n % 10}`);
		expect(desk.diffs).toHaveLength(0);
		desk.frame();
		expect(desk.diffs.map(({ add }) => add?.length)).toEqual([10]);
		pins.touch('d1');
		desk.frame(draw_every_ms);
		expect(desk.diffs, 'it is still busy').toHaveLength(1);
		await desk.done();
		desk.frame(0);
		expect(desk.diffs.map(({ add }) => add?.length)).toEqual([10, 1]);
	});

	it('are not drawn more often than they can be seen', async () => {
		const desk = new Desk();
		const pins = new Pins(desk, (id) => pin(id), desk);
		pins.touch('a');
		desk.frame();
		await desk.done();
		pins.touch('a');
		desk.frame(draw_every_ms - 1);
		expect(desk.diffs).toHaveLength(1);
		desk.frame(1);
		expect(desk.diffs).toHaveLength(2);
	});

	it('are drawn in portions, one right after the other', async () => {
		const desk = new Desk();
		const pins = new Pins(desk, (id) => pin(id), desk);
		pins.touchAll(Array.from({ length: pins_per_draw * 2 + 1 }, (_, at) => `d${at}`));
		for (let n = 0; n < 3; n++) {
			desk.frame(1);
			await desk.done();
		}
		expect(desk.diffs.map(({ add }) => add?.length)).toEqual([pins_per_draw, pins_per_draw, 1]);
	});

	it('tell nothing after their end', () => {
		const desk = new Desk();
		const pins = new Pins(desk, (id) => pin(id), desk);
		pins.touch('a');
		pins.end();
		pins.touch('b');
		desk.frame(draw_every_ms);
		expect(desk.diffs).toHaveLength(0);
	});
});

describe('the world', () => {
	it('goes on beyond ±180° instead of jumping across', () => {
		expect(unwrap([[170, 0], [179, 1], [-179, 2], [-170, 3], [175, 4]])).toEqual([[170, 0], [179, 1], [181, 2], [190, 3], [175, 4]]);
		expect(unwrap([[-175, 0], [175, 1]])).toEqual([[-175, 0], [-185, 1]]);
	});

	it('closes a ring around a pole along it', () => {
		expect(closed([[-180, -70], [0, -80], [180, -70]])).toEqual([[-180, -70], [0, -80], [180, -70], [180, -90], [-180, -90], [-180, -70]]);
		expect(closed([[0, 0], [1, 1], [0, 0]])).toEqual([[0, 0], [1, 1], [0, 0]]);
	});

	it('has no line that runs right across the map', () => {
		const [land] = worldOf(atlas as unknown as Topology).features;
		let points = 0;
		for (const ring of (land?.geometry as MultiPolygon).coordinates.flat()) {
			ring.forEach(([longitude = 0, latitude = 0], at) => {
				points++;
				const before = ring[at - 1];
				const atPole = latitude === -90 || before?.[1] === -90;
				if (before && !atPole) expect(Math.abs(longitude - (before[0] ?? 0)), `${before} to ${longitude}`).toBeLessThan(180);
			});
		}
		expect(points).toBeGreaterThan(1_000);
	});
});

describe('shapes', () => {
	it('measure along the great circle, and back', () => {
		expect(distance_m([0, 0], [1, 0])).toBeCloseTo(111_195, -1);
		const there = pointAt([10.75, 59.9], 1_800, 45);
		expect(distance_m([10.75, 59.9], there)).toBeCloseTo(1_800, 3);
	});

	it('are closed rings, also across the date line', () => {
		const ring = ringOf({ type: 'polygon', points: [[179, 0], [-179, 0], [-179, 1]] });
		expect(ring).toEqual([[179, 0], [181, 0], [181, 1], [179, 0]]);
		const circle = ringOf({ type: 'circle', center: [180, 0], radius_m: 1_000 });
		expect(circle[0]).toEqual(circle.at(-1));
		expect(Math.max(...circle.map(([longitude]) => Math.abs(longitude - 180)))).toBeLessThan(0.02);
	});

	it('are seen whole', () => {
		expect(boundsOf([])).toBeNull();
		expect(boundsOf([[10, 59], [11, 60], [9, 61]])).toEqual([9, 59, 11, 61]);
		expect(boundsOf([[179, 0], [-179, 1]])).toEqual([179, 0, 181, 1]);
	});
});
