import type { TrailPosition } from '$lib/api/fleet';

/** A position of a trail, with its time in ms. */
export interface TrailPoint extends TrailPosition {
	at_ms: number;
}

/** So many seconds of the trail in one. */
export const rates = [1, 10, 60, 300] as const;
export type Rate = (typeof rates)[number];

/** A longer silence (ms) is a gap: no line is drawn over it, and nothing moves through it. */
export const gap_ms = 10 * 60_000;

/** The last position at or before a time; -1: there is none. */
export function indexAt(points: readonly TrailPoint[], at_ms: number): number {
	let low = 0;
	let high = points.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if ((points[middle]?.at_ms ?? 0) <= at_ms) low = middle + 1;
		else high = middle;
	}
	return low - 1;
}

export interface Head {
	longitude: number;
	latitude: number;
	heading: number;
	point: TrailPoint;
}

/** Where it was at a time: between two positions on the straight way from one to the other, in a gap at its beginning. */
export function headAt(points: readonly TrailPoint[], at_ms: number): Head | null {
	const index = Math.max(0, indexAt(points, at_ms));
	const point = points[index];
	if (!point) return null;
	const next = points[index + 1];
	const span = next ? next.at_ms - point.at_ms : 0;
	const share = next && span > 0 && span <= gap_ms ? Math.max(0, Math.min(1, (at_ms - point.at_ms) / span)) : 0;
	const across = next ? shorter(next.longitude - point.longitude) : 0;
	return {
		longitude: point.longitude + across * share,
		latitude: point.latitude + (next ? next.latitude - point.latitude : 0) * share,
		heading: point.heading_deg ?? 0,
		point
	};
}

/** The shorter way round the world (°). */
const shorter = (degrees: number): number => degrees - 360 * Math.round(degrees / 360);

/** The trail as lines, cut where nothing was heard for long. */
export function linesOf(points: readonly TrailPoint[]): [number, number][][] {
	const lines: [number, number][][] = [];
	let line: [number, number][] = [];
	let before: TrailPoint | null = null;
	for (const point of points) {
		if (before && point.at_ms - before.at_ms > gap_ms) {
			lines.push(line);
			line = [];
		}
		const last = line.at(-1);
		line.push([last ? last[0] + shorter(point.longitude - last[0]) : point.longitude, point.latitude]);
		before = point;
	}
	return [...lines, line].filter(({ length }) => length > 1);
}

/** Where the playhead is after so long; it stays at the end. */
export function played(at_ms: number, passed_ms: number, rate: Rate, end_ms: number): number {
	return Math.min(end_ms, at_ms + passed_ms * rate);
}

/** The positions before and after the one that is shown, for stepping. */
export function stepped(points: readonly TrailPoint[], at_ms: number, by: 1 | -1): number {
	const index = indexAt(points, at_ms);
	const here = points[index]?.at_ms;
	const to = by === 1 ? index + 1 : here !== undefined && here < at_ms ? index : index - 1;
	return points[Math.max(0, Math.min(points.length - 1, to))]?.at_ms ?? at_ms;
}
