import { untrack } from 'svelte';

/**
 * The time on the server's clock, for everything that shows an age or counts. It ticks where the
 * server's seconds change, so that all pages count the same, and at the same moment.
 */
class Clock {
	/** Add to the browser's clock to get the server's, in ms. */
	offset_ms = $state(0);
	private browser = $state(Date.now());

	get now(): number {
		return this.browser + this.offset_ms;
	}
	/** The browser's own clock at the last tick. */
	get local(): number {
		return this.browser;
	}

	start(): () => void {
		let timer: ReturnType<typeof setTimeout>;
		const tick = () => {
			const now = Date.now();
			this.browser = now;
			timer = setTimeout(tick, untilNextSecond(now + this.offset_ms));
		};
		untrack(tick); // an effect starts it, and must not start it anew with each tick
		return () => clearTimeout(timer);
	}
}

/** Timers may come a little early: a tick just before the second would show it late. */
const late_ms = 4;

/** How long from this time to just after the next whole second, in ms. */
export function untilNextSecond(now: number): number {
	return 1_000 - (((now % 1_000) + 1_000) % 1_000) + late_ms;
}

export const clock = new Clock();
