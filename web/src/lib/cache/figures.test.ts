import { describe, expect, it } from 'vitest';
import type { CacheScope } from '$lib/api/types';
import { percent, totalsOf } from './figures';

const scope = (more: Partial<CacheScope>): CacheScope => ({
	name: 'a',
	ttl_s: 60,
	hits: 0,
	joins: 0,
	misses: 0,
	refusals: 0,
	evictions: 0,
	troubles: 0,
	hit_rate: null,
	entries: 0,
	bytes: 0,
	...more
});

describe('what the scopes come to', () => {
	it('counts joins as answered from there', () => {
		const all = totalsOf([scope({ hits: 6, misses: 1 }), scope({ joins: 2, misses: 1, troubles: 3, entries: 4, bytes: 10 })]);
		expect(all).toEqual({ asked: 10, hit_rate: 0.8, troubles: 3, entries: 4, bytes: 10 });
	});
	it('has no rate before the first, and no size where one is not known', () => {
		expect(totalsOf([scope({}), scope({ entries: null, bytes: null })])).toMatchObject({ hit_rate: null, entries: null, bytes: null });
		expect(totalsOf([])).toMatchObject({ asked: 0, hit_rate: null, entries: 0 });
	});
	it.each([
		[0.9996, '99.9 %'],
		[1, '100 %'],
		[0.8333, '83.3 %'],
		[0, '0 %'],
		[null, '–']
	])('%s is %s', (rate, text) => expect(percent(rate, 'en-GB')).toBe(text));
});
