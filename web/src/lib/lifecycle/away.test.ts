import { describe, expect, it } from 'vitest';
import type { Status } from '$lib/live/connection';
import { absenceOf, grace_ms, grace_planned_ms, isTold } from './away';
import type { Lifecycle, Window } from './types';

const now = Date.parse('2026-01-01T12:00:00Z');
const lost: Status = { kind: 'reconnecting', fresh_at: now - 3_000 };
const window = { maintenance_id: 'm', state: 'in_progress', rolling: false } as Window;
const told = (phase: Lifecycle['phase'], window: Window | null): Lifecycle => ({ phase, window, server_time: '' });

describe('an absence', () => {
	it('is unplanned when the server had said nothing', () => {
		expect(absenceOf(null, lost, told('running', null), now)).toEqual({ since: now, planned: false, window: null });
	});

	it('is unplanned while a window is only announced', () => {
		const scheduled = { ...window, state: 'scheduled' } as Window;
		expect(absenceOf(null, lost, told('announced', scheduled), now)).toMatchObject({ planned: false, window: null });
	});

	it.each<[string, Lifecycle]>([
		['a window closes it', told('closing', window)],
		['a window drains it', told('draining', window)],
		['a window is under way', told('running', window)]
	])('is planned when %s', (_, before) => {
		expect(absenceOf(null, lost, before, now)).toEqual({ since: now, planned: true, window });
	});

	it('is a restart when it stops without a window', () => {
		expect(absenceOf(null, lost, told('draining', null), now)).toEqual({ since: now, planned: true, window: null });
	});

	it('lasts from its begin, whatever is tried meanwhile', () => {
		const before = { since: now - 60_000, planned: true, window };
		expect(absenceOf(before, lost, told('running', null), now)).toBe(before);
	});

	it('ends with the first good word, and begins with none before the first rows', () => {
		const before = { since: now - 60_000, planned: true, window };
		expect(absenceOf(before, { kind: 'live' }, told('running', null), now)).toBeNull();
		expect(absenceOf(null, { kind: 'reconnecting', fresh_at: null }, told('running', null), now)).toBeNull();
	});

	it.each([
		[true, grace_planned_ms],
		[false, grace_ms]
	])('that is planned: %s is told of after %i ms', (planned, grace) => {
		const absence = { since: now, planned, window: null };
		expect(isTold(absence, now + grace - 1)).toBe(false);
		expect(isTold(absence, now + grace)).toBe(true);
	});
});
