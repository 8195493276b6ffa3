import type { Point, Shape } from '$lib/api/fleet';

const earth_radius_m = 6_371_008.8;
/** A circle is drawn with so many corners. */
const corners = 72;
const radians = Math.PI / 180;

/** Great-circle distance in metres. */
export function distance_m([west, south]: Point, [east, north]: Point): number {
	const half = Math.sin(((north - south) * radians) / 2) ** 2 + Math.cos(south * radians) * Math.cos(north * radians) * Math.sin(((east - west) * radians) / 2) ** 2;
	return 2 * earth_radius_m * Math.asin(Math.min(1, Math.sqrt(half)));
}

/** The point so far away in this direction (° from north). */
export function pointAt([longitude, latitude]: Point, metres: number, bearing: number): Point {
	const far = metres / earth_radius_m;
	const from = latitude * radians;
	const turn = bearing * radians;
	const to = Math.asin(Math.sin(from) * Math.cos(far) + Math.cos(from) * Math.sin(far) * Math.cos(turn));
	const across = Math.atan2(Math.sin(turn) * Math.sin(far) * Math.cos(from), Math.cos(far) - Math.sin(from) * Math.sin(to));
	return [longitude + across / radians, to / radians];
}

/** The outline of a shape, closed; one that crosses ±180° goes on beyond it. */
export function ringOf(shape: Shape): Point[] {
	const points = shape.type === 'polygon' ? shape.points : Array.from({ length: corners }, (_, at) => pointAt(shape.center, shape.radius_m, (at * 360) / corners));
	const ring = onOneSide(points);
	return ring[0] ? [...ring, ring[0]] : [];
}

/** The window that shows all of these; null: there are none. */
export function boundsOf(points: Point[]): [number, number, number, number] | null {
	if (points.length === 0) return null;
	const all = onOneSide(points);
	const longitudes = all.map(([longitude]) => longitude);
	const latitudes = all.map(([, latitude]) => latitude);
	return [least(longitudes), least(latitudes), -least(longitudes.map((one) => -one)), -least(latitudes.map((one) => -one))];
}

const least = (values: number[]): number => values.reduce((a, b) => Math.min(a, b), Infinity);

/** Neighbours are never more than half the world apart. */
function onOneSide(points: Point[]): Point[] {
	let before = points[0]?.[0] ?? 0;
	return points.map(([longitude, latitude]) => {
		const turned = longitude + 360 * Math.round((before - longitude) / 360);
		before = turned;
		return [turned, latitude];
	});
}
