import { gap_ms, type TrailPoint } from './playback';

/** The number of the supply's voltage among a device's values, in mV (Teltonika). */
export const voltage_io = '66';

export type Series = [number[], (number | null)[]];

/** A value over time, with a hole where nothing was heard for long. */
export function seriesOf(points: readonly TrailPoint[], value: (point: TrailPoint) => number | null): Series {
	const times: number[] = [];
	const values: (number | null)[] = [];
	let before: number | null = null;
	for (const point of points) {
		if (before !== null && point.at_ms - before > gap_ms) {
			times.push((before + point.at_ms) / 2_000);
			values.push(null);
		}
		times.push(point.at_ms / 1_000);
		values.push(value(point));
		before = point.at_ms;
	}
	return [times, values];
}

export const speedOf = (point: TrailPoint): number | null => point.speed_kmh;

/** In volts. */
export function voltageOf({ io }: TrailPoint): number | null {
	const value = io[voltage_io];
	return typeof value === 'number' ? value / 1_000 : null;
}
