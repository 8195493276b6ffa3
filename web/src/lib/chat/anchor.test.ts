import { describe, expect, it } from 'vitest';
import { firstBelow, inWindow, isAtEnd, nearEnds } from './anchor';

describe('the first row in view', () => {
	const bottoms = [10, 30, 60, 100];
	it.each([
		[-5, 0],
		[0, 0],
		[10, 1],
		[29, 1],
		[60, 3],
		[99, 3],
		[100, 4]
	])('below %i is %i', (line, expected) => expect(firstBelow(4, (index) => bottoms[index] ?? 0, line)).toBe(expected));

	it('is none of none', () => expect(firstBelow(0, () => 0, 0)).toBe(0));

	it('is found by few looks', () => {
		let looks = 0;
		firstBelow(600, (index) => (looks++, index * 40), 9_999);
		expect(looks).toBeLessThan(12);
	});
});

describe('what is within the window', () => {
	it.each([
		[100, 400, 800, 400, true],
		[400, 400, 800, 400, true],
		[405, 400, 800, 395, true],
		[500, 400, 800, 300, false],
		[900, 400, 800, 0, false]
	])('of a view at %i, %i high, in a window of %i: %i, the whole: %s', (top, view, window, height, whole) =>
		expect(inWindow(top, view, window)).toEqual({ height, whole })
	);
});

describe('the end', () => {
	const view = (scrollTop: number, scrollHeight = 1_000) => ({ scrollTop, scrollHeight, clientHeight: 400 });
	it.each([
		[600, true],
		[595, true],
		[580, false],
		[0, false]
	])('scrolled to %i: %s', (top, at) => expect(isAtEnd(view(top))).toBe(at));

	it('is where what is there fits', () => expect(isAtEnd(view(0, 400))).toBe(true));

	it.each([
		[0, true, true, 900],
		[0, true, false, 4_000],
		[2_000, false, false, 4_000],
		[3_400, false, true, 4_000]
	])('near at %i: older %s, newer %s', (top, older, newer, height?: number) =>
		expect(nearEnds(view(top, height ?? 1_000))).toEqual({ older, newer })
	);
});
