import type { Intention, MaintenanceSeries } from '$lib/api/types';
import { wall, wallLength } from './rule';

/** What the form of a series holds; times on the wall of its zone. */
export type SeriesValues = {
	title: string;
	body: string;
	starts: string;
	ends: string;
	zone: string;
	/** Of RFC 5545; empty: none. */
	rule: string;
};

/** A time on the wall, so many seconds later on the wall. */
function later(starts: string, seconds: number): string {
	return new Date(Date.parse(`${starts}Z`) + seconds * 1_000).toISOString().slice(0, 16);
}

export function readSeries({ title, body, starts_at, duration_s, timezone, rule }: MaintenanceSeries): SeriesValues {
	const starts = starts_at.slice(0, 16);
	return { title, body, starts, ends: later(starts, duration_s), zone: timezone, rule: rule ?? '' };
}

/** Only what was changed is sent. `values`: all of it as it is on the form. */
export function writeSeries(id: string, version: number, changed: Partial<SeriesValues>, values: SeriesValues): Intention {
	const { title, body, starts, ends, zone, rule } = changed;
	return {
		type: 'update_maintenance_series',
		id,
		version,
		...(title === undefined ? {} : { title: title.trim() }),
		...(body === undefined ? {} : { body }),
		series: {
			...(starts === undefined ? {} : { starts_at: wall(starts) }),
			...(starts === undefined && ends === undefined
				? {}
				: { duration_s: Math.round(wallLength(values.starts, values.ends) / 1_000) }),
			...(zone === undefined ? {} : { timezone: zone }),
			...(rule === undefined ? {} : { rule: rule || null })
		}
	};
}
