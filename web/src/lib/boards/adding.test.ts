import { describe, expect, it, vi } from 'vitest';
import { ApiError } from '$lib/api/problem';
import { Adding } from './adding.svelte';

vi.mock(import('$lib/api/calls'), async (original) => ({
	...(await original()),
	intend: () => Promise.reject(new ApiError('forbidden', 403, null))
}));

describe('cards that were refused', () => {
	it.each([
		['', 'one\ntwo'],
		['  ', 'one\ntwo'],
		['being typed', 'one\ntwo\nbeing typed']
	])('come back before %j', async (typed, expected) => {
		const adding = new Adding(() => 'column');
		adding.add(['one', 'two']);
		await vi.waitFor(() => expect(adding.error?.code).toBe('forbidden'));
		expect(adding.takeBack(typed)).toBe(expected);
		expect([adding.items, adding.error]).toEqual([[], null]);
	});
});
