/** Carries something out soon after it was asked for: at most once per pause, however often it is. */
export class Soon {
	private timer: ReturnType<typeof setTimeout> | undefined;

	constructor(
		private readonly act: () => void,
		private readonly pause_ms: number
	) {}

	ask(): void {
		this.timer ??= setTimeout(() => {
			this.timer = undefined;
			this.act();
		}, this.pause_ms);
	}

	stop(): void {
		clearTimeout(this.timer);
		this.timer = undefined;
	}
}
