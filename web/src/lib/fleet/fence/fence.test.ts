import { describe, expect, it } from 'vitest';
import type { Point } from '$lib/api/fleet';
import { i18n } from '$lib/i18n/index.svelte';
import { Drawing } from './drawing.svelte';
import { readFence, sketchOf, sketchText, sketchWords, writeFence } from './fence-values';
import { begun, done, redone, steps_max, undone } from './history';
import { blank, crosses, faultOf, middleOf, points_max, rounded, shapeOf, widened, type Sketch } from './shape-draft';
import type { GeofenceNode } from '$lib/api/types';
import { node } from '$lib/live/testing/rows';

i18n.locale = 'en';
const square: Point[] = [[0, 0], [1, 0], [1, 1], [0, 1]];
const polygon = (...points: Point[]): Sketch => ({ type: 'polygon', points });
const circle = (center: Point | null, radius_m = 100): Sketch => ({ type: 'circle', center, radius_m });

describe('an area', () => {
	it.each<[Sketch, string | null]>([
		[polygon(...square), null],
		[blank.polygon, 'few'],
		[polygon([0, 0], [1, 1]), 'few'],
		[polygon([0, 0], [1, 1], [1, 0], [0, 1]), 'crossed'],
		[polygon([0, 0], [1, 0], [0, 91]), 'badPoint'],
		[polygon([0, 0], [181, 0], [0, 9]), 'badPoint'],
		[circle(null), 'noCenter'],
		[circle([0, 0]), null],
		[circle([0, 0], 9), 'badRadius'],
		[circle([0, 0], 500_001), 'badRadius'],
		[circle([0, 91]), 'badPoint']
	])('%o: %s', (sketch, fault) => {
		expect(faultOf(sketch)).toBe(fault);
		expect(shapeOf(sketch) === null).toBe(fault !== null);
	});

	it.each<[string, Point[], boolean]>([
		['a square', square, false],
		['a bow tie', [[0, 0], [1, 1], [1, 0], [0, 1]], true],
		['a corner that touches a side', [[0, 0], [2, 0], [2, 2], [1, 0], [0, 2]], true],
		['one across the date line', [[179, 0], [-179, 0], [-179, 1], [179, 1]], false],
		['a triangle', [[0, 0], [1, 0], [0, 1]], false]
	])('%s', (_, points, expected) => expect(crosses(points)).toBe(expected));

	it('is kept once round the world, and no finer than it is drawn', () => {
		expect(rounded([370.12345678, 1.00000049])).toEqual([10.123457, 1]);
		expect(middleOf([[179, 0], [-179, 2]], 0)).toEqual([180, 1]);
		expect(middleOf(square, 3)).toEqual([0, 0.5]);
		expect(widened(circle([0, 0]), [0.01, 0])).toMatchObject({ radius_m: 1_112 });
		expect(widened(circle([0, 0]), [0, 0])).toMatchObject({ radius_m: 10 });
	});
});

describe('steps', () => {
	it('go back and forth, and a new one ends what was taken back', () => {
		let history = done(done(begun('a'), 'b'), 'c');
		history = undone(undone(history));
		expect(history.now).toBe('a');
		expect(undone(history).now, 'there is no more').toBe('a');
		history = redone(history);
		expect(history).toEqual({ past: ['a'], now: 'b', future: ['c'] });
		history = done(history, 'd');
		expect(redone(history).now).toBe('d');
		expect(done(history, 'd').past, 'the same again').toEqual(['a', 'b']);
	});
	it('are bounded', () => {
		let history = begun(0);
		for (let n = 1; n < steps_max + 50; n++) history = done(history, n);
		expect(history.past).toHaveLength(steps_max);
	});
});

describe('a drawing', () => {
	it('takes one step for a whole drag, and tells of each step', () => {
		const told: Sketch[] = [];
		const drawing = new Drawing(polygon(...square), (sketch) => told.push(sketch));
		for (const x of [0.1, 0.2, 0.3]) drawing.drag(0, [x, 0]);
		expect(drawing.sketch).toEqual(polygon([0.3, 0], [1, 0], [1, 1], [0, 1]));
		expect(told).toHaveLength(0);
		drawing.drop();
		expect(told).toHaveLength(1);
		drawing.undo();
		expect(drawing.sketch).toEqual(polygon(...square));
		expect([drawing.canUndo, drawing.canRedo]).toEqual([false, true]);
	});

	it('adds corners, one between two others too, and takes the chosen one away', () => {
		const drawing = new Drawing(blank.polygon, () => undefined);
		for (const at of square) drawing.click(at);
		expect(drawing.chosen).toBe(3);
		drawing.dragNew(1, [0.5, -1]);
		drawing.drop();
		expect(drawing.sketch).toMatchObject({ points: [[0, 0], [0.5, -1], [1, 0], [1, 1], [0, 1]] });
		drawing.remove(1);
		expect([drawing.sketch, drawing.chosen]).toEqual([polygon(...square), null]);
		drawing.begin('circle');
		drawing.click([5, 5]);
		drawing.dragEdge([5.01, 5]);
		drawing.drop();
		expect(drawing.sketch).toMatchObject({ type: 'circle', center: [5, 5], radius_m: 1_108 });
		for (let n = 0; n < 3; n++) drawing.undo();
		expect(drawing.sketch, 'as before it became a circle').toEqual(polygon(...square));
	});

	it('forgets a chosen corner that is taken back', () => {
		const drawing = new Drawing(polygon(...square), () => undefined);
		drawing.click([2, 2]);
		expect(drawing.chosen).toBe(4);
		drawing.undo();
		expect(drawing.chosen).toBeNull();
	});

	it('has only so many corners', () => {
		const many = Array.from({ length: points_max }, (_, at): Point => [at / 1_000, 0]);
		const drawing = new Drawing(polygon(...many), () => undefined);
		drawing.click([1, 1]);
		expect(drawing.canUndo).toBe(false);
	});
});

describe('the form of a fence', () => {
	const fence = { ...node('f', 1, { title: 'Depot' }), geofence: { shape: { radius_m: 50, center: [1, 2], type: 'circle' }, dwell_s: 60 } } as GeofenceNode;
	it('reads an area so that two of them can be compared', () => {
		const values = readFence(fence);
		expect(values).toMatchObject({ title: 'Depot', dwell_s: '60' });
		expect(values.shape).toBe(sketchText(circle([1, 2], 50)));
		expect(sketchOf(values)).toEqual(circle([1, 2], 50));
	});
	it('sends what was changed', () => {
		expect(writeFence({ dwell_s: '' })).toEqual({ dwell_s: null });
		expect(writeFence({ shape: sketchText(polygon(...square)), title: ' A ' })).toEqual({ title: 'A', shape: { type: 'polygon', points: square } });
		expect(writeFence({ shape: sketchText(blank.polygon) }), 'no area yet').toEqual({});
	});
	it('says it in words', () => expect([sketchWords(polygon(...square)), sketchWords(circle([0, 0], 1_500))]).toEqual(['Polygon with 4 corners', 'Circle, 1.5 km around']));
});
