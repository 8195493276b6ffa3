import { describe, expect, it } from 'vitest';
import { instance_id } from '$lib/graph/nodes';
import { extendedBy, possible } from './maintenances';
import { freshPlan, fromInput, isComplete, lengthOf, planOf, toInput } from './plan';

const now = new Date(2026, 0, 1, 12, 7).getTime();
const plan = () => ({ ...freshPlan(now, true), title: ' New disks ' });

describe('a plan', () => {
	it('begins with a quarter that leaves an hour of warning', () => {
		expect(plan().starts).toBe('2026-01-01T13:15');
		expect(plan().ends).toBe('2026-01-01T13:45');
	});

	it.each(['2026-01-01T00:00', '2026-12-31T23:59'])('shows %s as it reads it', (value) => {
		expect(toInput(fromInput(value))).toBe(value);
	});

	it('is complete with a title, an end after the begin, and something affected', () => {
		expect(isComplete(plan())).toBe(true);
		expect(isComplete({ ...plan(), title: ' ' })).toBe(false);
		expect(isComplete({ ...plan(), ends: plan().starts })).toBe(false);
		expect(isComplete({ ...plan(), ends: '' })).toBe(false);
		expect(isComplete({ ...plan(), itself: false })).toBe(false);
	});

	it('is sent with what it says of Synops only where that goes down', () => {
		const systems = [{ id: 's', title: 'Checkout', kind: 'system' as const }];
		const whole = planOf({ ...plan(), systems, drain_min: 2, rolling: true }, 'Europe/Oslo');
		expect(whole).toMatchObject({
			title: 'New disks',
			affects: [instance_id, 's'],
			drain_bound_s: 120,
			rolling: true,
			admins_first: false,
			blocked_classes: ['tools'],
			timezone: 'Europe/Oslo'
		});
		expect(Date.parse(whole.ends_at) - Date.parse(whole.starts_at)).toBe(lengthOf(plan()));
		expect(Object.keys(planOf({ ...plan(), systems, itself: false }, 'UTC'))).toEqual([
			'title',
			'starts_at',
			'ends_at',
			'timezone',
			'affects',
			'verify'
		]);
	});
});

it.each([
	['scheduled', ['extend', 'start', 'cancel', 'rehearse']],
	['in_progress', ['extend', 'close', 'rehearse']],
	['verifying', ['close', 'rehearse']],
	['completed', []],
	['cancelled', []]
] as const)('what is %s allows %s', (state, acts) => {
	expect(Object.entries(possible({ state })).filter(([, can]) => can).map(([act]) => act)).toEqual(acts);
});

it('is extended from its end, or from now where that is past', () => {
	const ends_at = '2026-01-01T12:00:00Z';
	const end = Date.parse(ends_at);
	expect(extendedBy(ends_at, 15, end - 60_000)).toBe(end + 900_000);
	expect(extendedBy(ends_at, 15, end + 60_000)).toBe(end + 960_000);
});
