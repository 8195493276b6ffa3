import { expect, it } from 'vitest';
import { movedTo, placeAt } from './order';

it.each([
	['a', 2, 'bca'],
	['c', 0, 'cab'],
	['b', 1, 'abc'],
	['a', 9, 'bca'],
	['c', -1, 'cab']
])('%s moved to %i', (id, to, expected) => {
	expect(movedTo(['a', 'b', 'c'], id, to).join('')).toBe(expected);
});

it.each([
	[5, 1, 0],
	[15, 0, 0],
	[25, 0, 1],
	[100, 0, 2],
	[15, 2, 1]
])('what is dragged to %i from place %i belongs at %i', (y, from, expected) => {
	expect(placeAt(y, [10, 20, 30], from)).toBe(expected);
});
