/** The time on the server's clock, ticking once a second for everything that shows an age. */
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
		const timer = setInterval(() => (this.browser = Date.now()), 1_000);
		return () => clearInterval(timer);
	}
}

export const clock = new Clock();
