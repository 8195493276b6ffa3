import { describe, expect, it } from 'vitest';
import type { MaintenanceFacet } from '$lib/api/types';
import { announced_before_ms, missingOf, stepsOf } from './steps';
import type { Instance, InstanceStop } from './types';

const start = Date.parse('2026-01-01T12:00:00Z');
const at = (minutes: number) => new Date(start + minutes * 60_000).toISOString();

function facet(state: MaintenanceFacet['state'], more: Partial<MaintenanceFacet> = {}): MaintenanceFacet {
	return { state, starts_at: at(0), ends_at: at(30), ended_at: null, finished_at: null, verify_until: null, ...more } as MaintenanceFacet;
}
function instance(name: string, stop: Partial<InstanceStop> | null, more: Partial<Instance> = {}): Instance {
	const nothing = { turn: 1, announced_at: at(-9), closed_at: null, draining_at: null, drain_until: null, stopped_at: null, late: [] };
	return { id: name, name, is_present: true, stop: stop && { ...nothing, ...stop }, ...more } as Instance;
}
const states = (of: MaintenanceFacet, instances: Instance[], now = start) =>
	stepsOf(of, instances, now).map((step) => `${step.name} ${step.state}`);

describe('steps', () => {
	it('are all ahead two days before', () => {
		const steps = stepsOf(facet('scheduled'), [instance('a', null)], start - 2 * announced_before_ms);
		expect(steps.every((step) => step.state === 'ahead')).toBe(true);
		expect(steps[0]?.expected).toBe(at(-24 * 60));
		expect(steps[1]?.expected).toBe(at(0));
	});

	it('begin with the announcement, a day before', () => {
		expect(states(facet('scheduled'), [instance('a', null)], start - announced_before_ms).slice(0, 2)).toEqual([
			'announced done',
			'closing ahead'
		]);
	});

	it('wait for the last server', () => {
		const both = [instance('a', { closed_at: at(0), draining_at: at(1) }), instance('b', {})];
		expect(states(facet('in_progress'), both)[1]).toBe('closing now');
		both[1] = instance('b', { closed_at: at(1) });
		expect(states(facet('in_progress'), both).slice(1, 4)).toEqual(['closing done', 'draining now', 'stopped ahead']);
	});

	it('do not wait for one that is gone, or that has no turn', () => {
		const all = [
			instance('a', { closed_at: at(0) }),
			instance('b', {}, { is_present: false }),
			instance('c', { turn: null })
		];
		expect(states(facet('in_progress'), all)[1]).toBe('closing done');
	});

	it('tell the first that closed, and the last that stopped', () => {
		const stop = (minute: number) => ({ closed_at: at(minute), draining_at: at(minute), stopped_at: at(minute + 5) });
		const steps = stepsOf(facet('in_progress'), [instance('a', stop(2)), instance('b', stop(1))], start);
		expect(steps[1]?.at).toBe(at(1));
		expect(steps[3]).toMatchObject({ state: 'done', at: at(7) });
	});

	it('are past when it is verified, even of servers nobody wrote down', () => {
		const verifying = facet('verifying', { ended_at: at(8), verify_until: at(18) });
		expect(states(verifying, [])).toEqual([
			'announced done',
			'closing done',
			'draining done',
			'stopped done',
			'verifying now',
			'completed ahead'
		]);
		expect(states(facet('completed', { finished_at: at(9) }), [])[5]).toBe('completed done');
	});
});

describe('who is missing', () => {
	it('nobody, before anything is to be acknowledged', () => expect(missingOf([instance('a', null)])).toEqual([]));

	it('those that are there and have not reached what others have', () => {
		const all = [
			instance('a', { closed_at: at(0), draining_at: at(1) }),
			instance('b', { closed_at: at(0) }),
			instance('c', {}, { is_present: false }),
			instance('d', { turn: null }),
			instance('e', { stopped_at: at(1) })
		];
		expect(missingOf(all.slice(0, 4))).toEqual(['b']);
		expect(missingOf(all)).toEqual(['a', 'b']);
	});
});
