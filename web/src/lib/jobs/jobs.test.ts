import { describe, expect, it, vi } from 'vitest';
import type { JobMinute, JobStats } from '$lib/api/types';
import { countsOf } from './desk.svelte';
import { parsed, shown } from './payload';
import { lag, throughput, total } from './series';

const minute = (at: string, succeeded: number, wait_avg_s: number | null): JobMinute => ({
	at,
	succeeded,
	failed: 1,
	cancelled: 0,
	wait_avg_s,
	wait_max_s: wait_avg_s
});

describe('the hour', () => {
	const minutes = [minute('2026-11-22T00:00:00Z', 4, 0.25), minute('2026-11-22T00:01:00Z', 0, null)];

	it('counts what ended whichever way', () => {
		expect(throughput(minutes).map((point) => point.latency_ms)).toEqual([5, 1]);
		expect(total(minutes, 'failed')).toBe(2);
	});

	it('has no wait where nothing began', () => {
		expect(lag(minutes)).toEqual([{ at: '2026-11-22T00:00:00Z', ok: true, latency_ms: 250 }]);
	});
});

describe('a class', () => {
	it('is the sum of its kinds', () => {
		const kind = { class: 'tools', scheduled: 0, running: 2 };
		const kinds = [
			{ ...kind, kind: 'a', waiting: 1, oldest_due_s: 3 },
			{ ...kind, kind: 'b', waiting: 5, oldest_due_s: 7 },
			{ ...kind, kind: 'c', waiting: 9, oldest_due_s: 90, class: 'upkeep' }
		];
		const stats = { kinds } as unknown as JobStats;
		expect(countsOf(stats, 'tools')).toEqual({ waiting: 6, scheduled: 0, running: 4, oldest_s: 7 });
		expect(countsOf(null, 'tools')).toEqual({ waiting: 0, scheduled: 0, running: 0, oldest_s: null });
	});
});

describe('a payload', () => {
	it('is shown as it is read again', () => {
		const value = { tool: 'backup', input: [1, { a: null }] };
		expect(parsed(shown(value))).toEqual({ value });
	});

	it.each(['', '{', '[]', 'null', '"a"', '{"a":1} x'])('is not %j', (text) => {
		expect(parsed(text)).toHaveProperty('error');
	});
});

vi.mock('$lib/api/calls', () => ({}));
