import type { Point, Shape } from '$lib/api/fleet';
import { distance_m } from '../map/shapes';

/** An area while it is drawn: not yet whole, perhaps. Never changed, always made anew. */
export type Sketch = { type: 'polygon'; points: Point[] } | { type: 'circle'; center: Point | null; radius_m: number };

export const points_max = 500;
export const radius_min_m = 10;
export const radius_max_m = 500_000;
/** A circle begins with this. */
const radius_first_m = 500;

export const blank: Record<Sketch['type'], Sketch> = { polygon: { type: 'polygon', points: [] }, circle: { type: 'circle', center: null, radius_m: radius_first_m } };

export type Fault = 'few' | 'noCenter' | 'crossed' | 'badRadius' | 'badPoint';

/** Why it is no area yet; null: it is one. The server judges again. */
export function faultOf(sketch: Sketch): Fault | null {
	if (sketch.type === 'circle') {
		if (!sketch.center) return 'noCenter';
		if (!isPoint(sketch.center)) return 'badPoint';
		return sketch.radius_m >= radius_min_m && sketch.radius_m <= radius_max_m ? null : 'badRadius';
	}
	if (!sketch.points.every(isPoint)) return 'badPoint';
	if (sketch.points.length < 3) return 'few';
	return crosses(sketch.points) ? 'crossed' : null;
}

/** The area, if it is one. */
export const shapeOf = (sketch: Sketch): Shape | null => (faultOf(sketch) === null ? (sketch as Shape) : null);

const isPoint = ([longitude, latitude]: Point): boolean =>
	Number.isFinite(longitude) && Number.isFinite(latitude) && Math.abs(longitude) <= 180 && Math.abs(latitude) <= 90;

/** To about 0.1 m: more digits are noise of the pointer. */
export const rounded = ([longitude, latitude]: Point): Point => [Number(turned(longitude).toFixed(6)), Number(latitude.toFixed(6))];

/** A map goes round and round; a fence says it once. */
const turned = (longitude: number): number => longitude - 360 * Math.round(longitude / 360);

/** The map was clicked: a corner more, or another centre. */
export function clicked(sketch: Sketch, at: Point): Sketch {
	if (sketch.type === 'circle') return { ...sketch, center: rounded(at) };
	return inserted(sketch, sketch.points.length, at);
}

/** A corner more, at this place in their order. */
export function inserted(sketch: Sketch, index: number, at: Point): Sketch {
	if (sketch.type !== 'polygon' || sketch.points.length >= points_max) return sketch;
	return { ...sketch, points: sketch.points.toSpliced(index, 0, rounded(at)) };
}

export function moved(sketch: Sketch, index: number, to: Point): Sketch {
	if (sketch.type === 'circle') return { ...sketch, center: rounded(to) };
	return { ...sketch, points: sketch.points.map((point, at) => (at === index ? rounded(to) : point)) };
}

export function removed(sketch: Sketch, index: number): Sketch {
	return sketch.type === 'polygon' ? { ...sketch, points: sketch.points.toSpliced(index, 1) } : sketch;
}

/** The edge of a circle was drawn to here. */
export function widened(sketch: Sketch, to: Point): Sketch {
	if (sketch.type !== 'circle' || !sketch.center) return sketch;
	const radius_m = Math.round(distance_m(sketch.center, to));
	return { ...sketch, radius_m: Math.max(radius_min_m, Math.min(radius_max_m, radius_m)) };
}

/** Between this corner and the next. */
export function middleOf(points: Point[], index: number): Point {
	const [west, south] = points[index] ?? [0, 0];
	const [east, north] = points[(index + 1) % points.length] ?? [0, 0];
	const across = east - west - 360 * Math.round((east - west) / 360);
	return [west + across / 2, (south + north) / 2];
}

/** Whether two sides of the outline meet elsewhere than at their corner. */
export function crosses(points: Point[]): boolean {
	const flat: Point[] = [];
	for (const [longitude, latitude] of points) {
		const before = flat.at(-1)?.[0] ?? longitude;
		flat.push([longitude + 360 * Math.round((before - longitude) / 360), latitude]);
	}
	const count = flat.length;
	const corner = (at: number) => flat[at % count] as Point;
	for (let a = 0; a < count; a++) {
		for (let b = a + 2; b < count; b++) {
			if (a === 0 && b === count - 1) continue;
			if (meet(corner(a), corner(a + 1), corner(b), corner(b + 1))) return true;
		}
	}
	return false;
}

function meet(a: Point, b: Point, c: Point, d: Point): boolean {
	const side = (p: Point, q: Point, r: Point) => Math.sign((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]));
	const [abc, abd, cda, cdb] = [side(a, b, c), side(a, b, d), side(c, d, a), side(c, d, b)];
	if (abc !== abd && cda !== cdb) return true;
	const within = (p: Point, q: Point, r: Point) => r[0] >= Math.min(p[0], q[0]) && r[0] <= Math.max(p[0], q[0]) && r[1] >= Math.min(p[1], q[1]) && r[1] <= Math.max(p[1], q[1]);
	return (abc === 0 && within(a, b, c)) || (abd === 0 && within(a, b, d)) || (cda === 0 && within(c, d, a)) || (cdb === 0 && within(c, d, b));
}
