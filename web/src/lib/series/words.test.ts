import { describe, expect, it } from 'vitest';
import { wordsOf } from './words';

/** A Tuesday, the second of its month. */
const starts = '2026-12-08T22:00:00';

describe('a rule as people say it', () => {
	it.each([
		[null, 'At the times that are listed'],
		['FREQ=DAILY;INTERVAL=2', 'Every 2 days'],
		['FREQ=WEEKLY;COUNT=5', 'Every week on Tuesday, 5 times'],
		['FREQ=WEEKLY', 'Every week on Tuesday'],
		['FREQ=WEEKLY;BYDAY=MO,WE;UNTIL=20270101T000000', 'Every week on Monday and Wednesday, until 1 January 2027'],
		['FREQ=MONTHLY;COUNT=1', 'Every month on day 8, 1 time'],
		['FREQ=MONTHLY;BYDAY=TU;BYSETPOS=2', 'Every month on the second Tuesday'],
		['FREQ=YEARLY', 'Every year'],
		['FREQ=HOURLY', 'FREQ=HOURLY']
	])('%s', (rule, words) => expect(wordsOf(rule, starts)).toBe(words));
});
