import { expect, it } from 'vitest';
import type { IncidentNode, IncidentState, Severity } from '$lib/api/types';
import { byBegin, fits, nextOf } from './incidents';

const incident = (title: string, state: IncidentState, severity: Severity, started_at = '2026-01-01T12:00:00Z') =>
	({ id: title, title, incident: { state, severity, started_at } }) as IncidentNode;

it.each([
	['investigating', ['identified', 'fixing', 'monitoring', 'resolved']],
	['monitoring', ['investigating', 'identified', 'fixing', 'resolved']],
	['resolved', ['investigating']]
] as const)('what is %s may become', (state, next) => {
	expect(nextOf(state)).toEqual(next);
});

it.each([
	[{ state: '', severity: '' }, true],
	[{ state: 'fixing', severity: 'major' }, true],
	[{ state: 'fixing', severity: 'minor' }, false],
	[{ state: 'resolved', severity: '' }, false]
] as const)('an incident fits %o: %s', (wanted, expected) => {
	expect(fits(incident('Payments fail', 'fixing', 'major'), wanted)).toBe(expected);
});

it('lists the newest first', () => {
	const [old, late] = [incident('old', 'fixing', 'minor'), incident('late', 'fixing', 'minor', '2026-01-02T00:00:00Z')];
	expect([old, late].sort(byBegin)).toEqual([late, old]);
});
