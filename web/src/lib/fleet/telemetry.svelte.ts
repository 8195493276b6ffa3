import type { TelemetryStatus } from '$lib/api/fleet';
import type { Load } from '$lib/state/load.svelte';

const every_ms = 2_000;

interface Shown {
	run(): Promise<void>;
	busy: boolean;
}

/** What the page of telemetry shows, read again and again while somebody looks at it. */
export class TelemetryDesk {
	private shown: Shown | null = null;

	constructor(readonly status: Load<TelemetryStatus>) {}

	async refresh(): Promise<void> {
		await Promise.all([this.status.run(), this.shown?.run()]);
	}

	/** Reads this along with the rest until the function it answers is called. */
	show(load: Shown): () => void {
		this.shown = load;
		void load.run();
		return () => {
			if (this.shown === load) this.shown = null;
		};
	}

	/** Begins to read, but for while nobody sees the page; answers what ends that. */
	start(): () => void {
		void this.refresh();
		const timer = setInterval(() => {
			if (document.visibilityState !== 'hidden' && !this.status.busy && !this.shown?.busy) void this.refresh();
		}, every_ms);
		return () => clearInterval(timer);
	}
}
