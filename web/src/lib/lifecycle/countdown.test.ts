import { expect, it } from 'vitest';
import { countdown, countUp } from './countdown';

it.each([
	[245_000, '4:05'],
	[244_001, '4:05'],
	[3_845_000, '1:04:05'],
	[90_061_000, '25:01:01'],
	[1, '0:01'],
	[0, '0:00'],
	[-5_000, '0:00'],
	[NaN, '']
])('%i ms left are %s', (left, text) => expect(countdown(left)).toBe(text));

it.each([
	[999, '0:00'],
	[1_000, '0:01'],
	[59_999, '0:59'],
	[3_600_000, '1:00:00'],
	[-1, '0:00']
])('%i ms passed are %s', (passed, text) => expect(countUp(passed)).toBe(text));
