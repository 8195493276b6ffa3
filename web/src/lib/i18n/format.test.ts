import { beforeAll, describe, expect, it } from 'vitest';
import { bytes, latency, relativeTime, span } from './format';
import { i18n } from './index.svelte';

beforeAll(() => i18n.set('en'));
const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

describe('format', () => {
	it.each([
		[0, '0 s'],
		[59.9 * second, '59 s'],
		[minute, '1 min'],
		[hour - 1, '59 min'],
		[47 * hour, '47 h'],
		[2 * day, '2 d'],
		[-5, '0 s']
	])('a span of %i ms is %s', (ms, text) => expect(span(ms)).toBe(text));

	it.each([
		[0, 'now'],
		[4 * second, 'now'],
		[5 * minute, '5 min ago'],
		[-2 * hour, 'in 2 h']
	])('%i ms past is %s', (past, text) => expect(relativeTime(1e12 - past, 1e12)).toBe(text));

	it.each([
		[null, '–'],
		[0.64, '0.6 ms'],
		[82.4, '82 ms'],
		[1349, '1.3 s']
	])('a latency of %s ms is %s', (ms, text) => expect(latency(ms, 'en-GB')).toBe(text));

	it.each([
		[0, '0 B'],
		[1023, '1,023 B'],
		[182_334, '178 KB'],
		[48_233_122, '46 MB'],
		[9e9, '8.4 GB']
	])('%i bytes are %s', (value, text) => expect(bytes(value, 'en-GB')).toBe(text));
});
