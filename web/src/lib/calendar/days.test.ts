import { describe, expect, it } from 'vitest';
import { beginOf, dayByKey, dayOf, isDay, move, partOn, plusDays, plusMonths, touches, weekdayOf, weeksOf } from './days';

describe('days', () => {
	it.each([
		['2026-02-28', 1, '2026-03-01'],
		['2026-01-01', -1, '2025-12-31'],
		// The clocks change in between, in most zones.
		['2026-03-28', 2, '2026-03-30'],
		['2026-10-24', 2, '2026-10-26']
	])('%s and %i days are %s', (day, count, expected) => {
		expect(plusDays(day, count)).toBe(expected);
		expect(dayOf(beginOf(expected))).toBe(expected);
	});

	it.each([
		['2026-01-31', 1, '2026-02-28'],
		['2026-03-31', -1, '2026-02-28'],
		['2026-12-15', 1, '2027-01-15']
	])('%s and %i months are %s', (day, count, expected) => {
		expect(plusMonths(day, count)).toBe(expected);
	});

	it.each([
		['2026-02-28', true],
		['2026-02-30', false],
		['2026-2-3', false],
		['yesterday', false],
		[null, false]
	])('%s is a day: %s', (text, expected) => {
		expect(isDay(text)).toBe(expected);
	});

	it('count from Monday on', () => {
		expect(weekdayOf('2026-11-23')).toBe(0);
		expect(weekdayOf('2026-11-22')).toBe(6);
	});
});

describe('weeks', () => {
	it('of a month are whole', () => {
		const weeks = weeksOf('month', '2026-11-22');
		expect(weeks).toHaveLength(6);
		expect(weeks[0]?.[0]).toBe('2026-10-26');
		expect(weeks.at(-1)?.at(-1)).toBe('2026-12-06');
		expect(weeksOf('month', '2027-02-01')).toHaveLength(4);
	});

	it('of a week are the one', () => {
		expect(weeksOf('week', '2026-11-22')).toEqual([
			['2026-11-16', '2026-11-17', '2026-11-18', '2026-11-19', '2026-11-20', '2026-11-21', '2026-11-22']
		]);
		expect(move('week', '2026-11-22', -1)).toBe('2026-11-15');
		expect(move('month', '2026-11-30', 3)).toBe('2027-02-28');
	});

	it.each([
		['ArrowLeft', '2026-11-17'],
		['ArrowDown', '2026-11-25'],
		['Home', '2026-11-16'],
		['End', '2026-11-22'],
		['PageUp', '2026-10-18'],
		['Enter', null]
	])('%s leads to %s', (key, expected) => {
		expect(dayByKey(key, '2026-11-18')).toBe(expected);
	});
});

describe('a window', () => {
	const from = (starts: string, ends: string) => ({
		starts_at: new Date(starts).toISOString(),
		ends_at: new Date(ends).toISOString()
	});

	it.each([
		['2026-11-22T10:00', '2026-11-22T11:00', 'whole'],
		['2026-11-22T23:00', '2026-11-23T01:00', 'begin'],
		['2026-11-21T23:00', '2026-11-22T01:00', 'end'],
		['2026-11-21T23:00', '2026-11-23T01:00', 'through'],
		['2026-11-22T00:00', '2026-11-23T00:00', 'whole']
	] as const)('from %s to %s: %s', (starts, ends, expected) => {
		expect(touches(from(starts, ends), '2026-11-22')).toBe(true);
		expect(partOn(from(starts, ends), '2026-11-22')).toBe(expected);
	});

	it.each([
		['2026-11-21T10:00', '2026-11-22T00:00'],
		['2026-11-23T00:00', '2026-11-23T01:00']
	])('from %s to %s does not touch it', (starts, ends) => {
		expect(touches(from(starts, ends), '2026-11-22')).toBe(false);
	});
});
