import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { clock, untilNextSecond } from './clock.svelte';

beforeEach(() => {
	vi.useFakeTimers({
		toFake: ['setTimeout', 'clearTimeout', 'Date'], // effects are run by microtasks
		now: new Date('2026-01-01T12:00:00.250Z')
	});
	clock.offset_ms = 0;
});
afterEach(() => vi.useRealTimers());

it.each([
	[0, 1_000],
	[1, 999],
	[999, 1],
	[-250, 250]
])('from %i ms it is %i ms to the next second, and a little', (now, left) => {
	const wait = untilNextSecond(now) - left;
	expect(wait).toBeGreaterThan(0);
	expect(wait).toBeLessThan(20);
});

it('ticks where the seconds of the server change', () => {
	clock.offset_ms = 100; // the server is at .350
	const stop = clock.start();
	const before = clock.now;
	vi.advanceTimersByTime(640);
	expect(clock.now, 'not before').toBe(before);
	vi.advanceTimersByTime(20);
	expect(Math.floor(clock.now / 1000)).toBe(Math.floor(before / 1000) + 1);
	stop();
	vi.advanceTimersByTime(5_000);
	expect(clock.now - before, 'no more once stopped').toBeLessThan(1_000);
});
