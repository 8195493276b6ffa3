import type { Run } from '$lib/api/types';

/** What was measured in one stretch of time. */
export interface Bucket {
	/** Where it is drawn, in seconds since 1970: its middle, or the time of its one run. */
	at_s: number;
	/** Of the good runs; null when there is none. */
	median_ms: number | null;
	min_ms: number | null;
	max_ms: number | null;
	runs: number;
	failed: number;
	/** Why the last failed run failed. */
	error: string | null;
}

/** Stretches that people reckon in, so that edges don't wander while time goes on. */
const steps_s = [10, 20, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400];
/** Without a run for so many intervals or stretches something was not checked. */
const gap_of = 3;

/** How long a bucket must be for no more than `most` of them to fill the span; 0: each run is one. */
export function stepFor(span_s: number, interval_s: number, most: number): number {
	const least_s = span_s / Math.max(1, most);
	if (interval_s >= least_s) return 0;
	return steps_s.find((step) => step >= least_s) ?? 86_400;
}

/** Runs, oldest first, as buckets of `step_s`; 0: each run is one. Stretches without runs have none. */
export function bucketsOf(runs: Run[], step_s: number): Bucket[] {
	const groups = new Map<number, Run[]>();
	for (const run of runs) {
		const at_s = Date.parse(run.at) / 1000;
		const key = step_s > 0 ? Math.floor(at_s / step_s) * step_s + step_s / 2 : at_s;
		const group = groups.get(key);
		if (group) group.push(run);
		else groups.set(key, [run]);
	}
	return [...groups].map(([at_s, group]) => summarise(at_s, group));
}

function summarise(at_s: number, runs: Run[]): Bucket {
	const good = runs.flatMap((run) => (run.ok && run.latency_ms !== null ? [run.latency_ms] : []));
	good.sort((a, b) => a - b);
	const failed = runs.filter((run) => !run.ok);
	return {
		at_s,
		median_ms: good[Math.floor((good.length - 1) / 2)] ?? null,
		min_ms: good[0] ?? null,
		max_ms: good.at(-1) ?? null,
		runs: runs.length,
		failed: failed.length,
		error: failed.at(-1)?.error ?? null
	};
}

/** The buckets with an empty one (`null`) wherever nothing was measured for long, so that no line is drawn there. */
export function withGaps(buckets: Bucket[], step_s: number, interval_s: number): (Bucket | null)[] {
	const long_s = gap_of * Math.max(step_s, interval_s);
	return buckets.flatMap((bucket, at) => {
		const before = buckets[at - 1];
		return before && bucket.at_s - before.at_s > long_s ? [null, bucket] : [bucket];
	});
}
