import { describe, expect, it } from 'vitest';
import type { Run } from '$lib/api/types';
import { bucketsOf, stepFor, withGaps } from './buckets';

const run = (at_s: number, latency_ms: number | null): Run => ({
	at: new Date(at_s * 1000).toISOString(),
	ok: latency_ms !== null,
	latency_ms,
	error: latency_ms === null ? `refused at ${at_s}` : null
});

describe('stepFor', () => {
	it.each([
		// An hour of checks every 30 s fits: each is a point of its own.
		[3_600, 30, 200, 0],
		[3_600, 10, 200, 20],
		[86_400, 30, 200, 600],
		[604_800, 10, 200, 3_600],
		[604_800, 86_400, 200, 0],
		[604_800, 10, 3, 86_400]
	])('%d s of checks every %d s in %d places', (span_s, interval_s, most, expected) => {
		expect(stepFor(span_s, interval_s, most)).toBe(expected);
	});
});

describe('bucketsOf', () => {
	it('keeps each run where all fit', () => {
		const buckets = bucketsOf([run(100, 5), run(110, null)], 0);
		expect(buckets.map(({ at_s, median_ms, failed }) => [at_s, median_ms, failed])).toEqual([
			[100, 5, 0],
			[110, null, 1]
		]);
	});

	it('tells the middle, the ends and the failures of a stretch', () => {
		const runs = [run(600, 9), run(610, 1), run(620, 3), run(630, null), run(640, null), run(660, 7)];
		expect(bucketsOf(runs, 60)).toEqual([
			{ at_s: 630, median_ms: 3, min_ms: 1, max_ms: 9, runs: 5, failed: 2, error: 'refused at 640' },
			{ at_s: 690, median_ms: 7, min_ms: 7, max_ms: 7, runs: 1, failed: 0, error: null }
		]);
	});

	it('has the same edges when older runs leave the range', () => {
		const runs = [run(601, 1), run(659, 2), run(661, 3), run(719, 4)];
		expect(bucketsOf(runs.slice(1), 60).at(-1)).toEqual(bucketsOf(runs, 60).at(-1));
	});

	it('says of a stretch in which all failed that nothing was measured', () => {
		expect(bucketsOf([run(60, null), run(70, null)], 60)[0]).toMatchObject({ median_ms: null, min_ms: null, max_ms: null, failed: 2 });
	});
});

describe('withGaps', () => {
	it('breaks the line where nothing was checked, and only there', () => {
		const shown = (at: number[], step_s: number, interval_s: number) =>
			withGaps(bucketsOf(at.map((s) => run(s, 1)), step_s), step_s, interval_s).map((bucket) => bucket?.at_s ?? null);
		expect(shown([10, 20, 33, 63, 94], 0, 10)).toEqual([10, 20, 33, 63, null, 94]);
		expect(shown([10, 70, 130, 400], 60, 10)).toEqual([30, 90, 150, null, 390]);
		expect(shown([], 0, 10)).toEqual([]);
	});
});
