import { describe, expect, it } from 'vitest';
import { backoff_limit_ms, backoff_ms } from './backoff';
import { ClockOffset } from './clock';

describe('backoff_ms', () => {
	it('doubles its bound, up to 15 s, for ever', () => {
		const bounds = [0, 1, 2, 3, 4, 5, 6, 1000].map((attempt) => backoff_ms(attempt, () => 1));
		expect(bounds).toEqual([400, 800, 1600, 3200, 6400, 12800, 15000, backoff_limit_ms]);
	});

	it('spreads over the whole of it', () => {
		expect([0, 0.25, 0.999].map((share) => backoff_ms(6, () => share))).toEqual([0, 3750, 14985]);
	});
});

describe('ClockOffset', () => {
	const server = (ms: number) => new Date(ms).toISOString();

	it('takes the middle of the way there and back', () => {
		expect(new ClockOffset().read(server(10_050), 0, 100)).toBe(10_000);
	});

	it('trusts a quick answer over slow ones, for a minute', () => {
		const clock = new ClockOffset();
		clock.read(server(10_010), 0, 20);
		expect(clock.read(server(11_900), 1_000, 2_000)).toBe(10_000);
		expect(clock.read(server(70_500), 60_500, 61_500)).toBe(9_500);
	});

	it('ignores what is no time', () => {
		expect(new ClockOffset().read('soon', 0, 10)).toBeNull();
	});
});
