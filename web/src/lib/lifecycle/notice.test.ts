import { expect, it } from 'vitest';
import { farewellOf, noticeOf } from './notice';
import type { Lifecycle, Window } from './types';

const now = Date.parse('2026-01-01T12:00:00Z');
const at = (minutes: number) => new Date(now + minutes * 60_000).toISOString();
const window = (state: Window['state'], more: Partial<Window> = {}): Window => ({
	maintenance_id: 'm',
	state,
	starts_at: at(10),
	ends_at: at(40),
	drain_until: null,
	rolling: false,
	admins_only: false,
	...more
});
const notice = (phase: Lifecycle['phase'], window: Window | null) => noticeOf({ phase, window, server_time: at(0) }, now);

it.each<[string, Lifecycle['phase'], Window | null, object | null]>([
	['nothing', 'running', null, null],
	['a stop that nobody planned', 'draining', null, { kind: 'stopping' }],
	['a plan', 'announced', window('scheduled'), { kind: 'planned', until: now + 600_000 }],
	['a plan whose time has come', 'announced', window('scheduled', { starts_at: at(0) }), { kind: 'beginning' }],
	['closing, without a bound yet', 'closing', window('in_progress'), { kind: 'closing', until: null }],
	['finishing', 'draining', window('in_progress', { drain_until: at(5) }), { kind: 'draining', until: now + 300_000 }],
	['the last moment', 'stopped', window('in_progress', { drain_until: at(5) }), { kind: 'draining' }],
	['under way on others', 'announced', window('in_progress'), { kind: 'under_way', until: now + 2_400_000 }],
	['back, and being checked', 'running', window('verifying'), { kind: 'verifying' }]
])('%s', (_, phase, of, expected) => {
	if (expected === null) expect(notice(phase, of)).toBeNull();
	else expect(notice(phase, of)).toMatchObject(expected);
});

it.each<[string, Window | null, Window | null, string | null]>([
	['called off before its begin', window('scheduled'), null, 'called_off'],
	['gone after its begin', window('scheduled', { starts_at: at(-1) }), null, 'over'],
	['completed', window('verifying', { starts_at: at(-9) }), null, 'over'],
	['still there', window('scheduled'), window('scheduled', { ends_at: at(99) }), null],
	['followed by another', window('verifying'), window('scheduled', { maintenance_id: 'n' }), null],
	['never there', null, null, null]
])('a window %s', (_, before, after, said) => expect(farewellOf(before, after, now)).toBe(said));
