import { describe, expect, it } from 'vitest';
import { isWhole, once, placeInMonth, repeatOf, ruleOf, wall, wallLength, type Repeat } from './rule';

const starts = '2026-11-10T22:00'; // the second Tuesday

describe('a rule', () => {
	it.each<[Partial<Repeat>, string]>([
		[{}, 'FREQ=WEEKLY;BYDAY=TU'],
		[{ days: ['SU', 'MO'], interval: 2 }, 'FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU'],
		[{ frequency: 'DAILY', days: ['SU'], ending: 'count', count: 5 }, 'FREQ=DAILY;COUNT=5'],
		[{ frequency: 'MONTHLY' }, 'FREQ=MONTHLY'],
		[{ frequency: 'MONTHLY', monthly: 'weekday' }, 'FREQ=MONTHLY;BYDAY=TU;BYSETPOS=2'],
		[{ frequency: 'YEARLY', ending: 'until', until: '2028-01-31' }, 'FREQ=YEARLY;UNTIL=20280131'],
		[{ ending: 'until', until: '' }, 'FREQ=WEEKLY;BYDAY=TU']
	])('of %o', (repeat, rule) => {
		expect(ruleOf({ ...once, ...repeat }, starts)).toBe(rule);
	});

	it.each([
		'FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU',
		'FREQ=DAILY;COUNT=5',
		'FREQ=MONTHLY',
		'FREQ=MONTHLY;BYDAY=TU;BYSETPOS=2',
		'FREQ=YEARLY;UNTIL=20280131'
	])('%s is read as it is written', (rule) => {
		const repeat = repeatOf(rule);
		expect(repeat && ruleOf(repeat, starts)).toBe(rule);
	});

	it.each([
		'FREQ=MONTHLY;BYMONTHDAY=13',
		'FREQ=MONTHLY;BYDAY=TU',
		'FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1',
		'FREQ=WEEKLY;BYDAY=2TU',
		'FREQ=HOURLY',
		'nonsense'
	])('%s says more than the fields can', (rule) => {
		expect(repeatOf(rule)).toBeNull();
	});
});

it.each([
	['2026-11-10', 'TU', 2],
	['2026-11-01', 'SU', 1],
	['2026-11-29', 'SU', -1],
	['2026-11-24', 'TU', -1],
	['2026-11-23', 'MO', 4]
])('%s is the %s that is number %i of its month', (day, weekday, nth) => {
	expect(placeInMonth(`${day}T22:00`)).toEqual({ day: weekday, nth });
});

it.each<[Partial<Repeat>, boolean]>([
	[{}, true],
	[{ interval: 0 }, false],
	[{ interval: 1.5 }, false],
	[{ interval: 367 }, false],
	[{ ending: 'count', count: NaN }, false],
	[{ ending: 'count', count: 3 }, true],
	[{ ending: 'until' }, false],
	[{ ending: 'until', until: '2028-01-31' }, true]
])('%o can be asked for: %s', (repeat, expected) => {
	expect(isWhole({ ...once, ...repeat })).toBe(expected);
});

it('times on the wall know no zone', () => {
	expect(wall('2026-03-29T01:00')).toBe('2026-03-29T01:00:00');
	expect(wallLength('2026-03-29T01:00', '2026-03-29T04:00')).toBe(3 * 3_600_000);
});
