import { describe, expect, it } from 'vitest';
import type { Run, SystemFacet } from '$lib/api/types';
import { node } from '$lib/live/testing/rows';
import { sparkOf } from '$lib/ui/spark';
import { merge, percentile } from './runs.svelte';
import { fresh, readSystem, writeSystem, type SystemValues } from './system-values';

const run = (minute: number, latency_ms: number | null = 10): Run => ({
	at: `2026-01-01T12:${String(minute).padStart(2, '0')}:00Z`,
	ok: latency_ms !== null,
	latency_ms
});

describe('runs', () => {
	it('merge each run once, oldest first, without what left the range', () => {
		const merged = merge([run(1), run(2), run(3)], [run(4), run(3, 99)], run(2).at);
		expect(merged).toEqual([run(2), run(3, 99), run(4)]);
	});

	it('give percentiles of the good ones', () => {
		const runs = [run(1, 30), run(2, 10), run(3, null), run(4, 20)];
		expect([percentile(runs, 0.5), percentile(runs, 0.95), percentile([], 0.5)]).toEqual([20, 30, null]);
	});
});

describe('sparkOf', () => {
	it('breaks the line at failed checks and ends at the right edge', () => {
		const { lines, failed } = sparkOf([run(4), run(3), run(2, null), run(1), run(0)], 96, 22);
		expect(lines.length).toBe(2);
		expect(failed.length).toBe(1);
		expect(lines[1]?.split(' ').at(-1)?.startsWith('96,')).toBe(true);
	});

	it('draws nothing of nothing', () => expect(sparkOf([], 96, 22)).toEqual({ lines: [], failed: [] }));
});

describe('system values', () => {
	const facet: SystemFacet = {
		state: 'up',
		state_since: '2026-01-01T00:00:00Z',
		state_reason: null,
		effective_state: 'up',
		effective_since: '2026-01-01T00:00:00Z',
		links: [],
		incident_after_s: null,
		incident_auto_resolve: false,
		enabled: true,
		interval_s: 60,
		timeout_ms: 1000,
		failures_to_down: 2,
		has_password: true,
		check: { type: 'postgres', url: 'postgres://me@db:5432/x' }
	};
	const values = readSystem(node('a', 1, { title: 'A', system: facet }));
	const change = (changed: Partial<SystemValues>) => writeSystem(changed, { ...values, ...changed });

	it('are read flat', () => {
		expect(values).toEqual({
			...fresh,
			title: 'A',
			interval_s: 60,
			timeout_ms: 1000,
			failures_to_down: 2,
			type: 'postgres',
			url: 'postgres://me@db:5432/x'
		});
	});

	it.each<[Partial<SystemValues>, object]>([
		[{}, {}],
		[{ title: ' B ' }, { title: 'B' }],
		[{ interval_s: 5 }, { system: { interval_s: 5 } }],
		[{ password: 'p' }, { system: { password: 'p' } }],
		[{ type: 'none' }, { system: { check: null } }],
		[{ type: 'tcp', address: 'a:1' }, { system: { check: { type: 'tcp', address: 'a:1' } } }],
		[
			{ type: 'http', url: 'http://x' },
			{ system: { check: { type: 'http', url: 'http://x', expect_status: '200-299', expect_text: null } } }
		]
	])('%j is sent as %j', (changed, sent) => expect(change(changed)).toEqual(sent));
});
