import { getAdminMaintenance } from '$lib/api/calls';
import { graph } from '$lib/state/app.svelte';
import { lifecycle } from '$lib/state/lifecycle.svelte';
import { Load } from '$lib/state/load.svelte';
import { Soon } from '$lib/state/soon';

/** How often it is read, by whether something is under way. */
const busy_every_ms = 2_000;
const quiet_every_ms = 10_000;
const pause_ms = 150;

/** What the page of maintenance of Synops shows, read again while somebody looks at it. */
export class StopDesk {
	readonly load = new Load(() => getAdminMaintenance());
	private readonly soon = new Soon(() => void this.load.run(), pause_ms);

	/** Something goes on that changes from second to second. */
	get isBusy(): boolean {
		const { value } = this.load;
		const state = value?.maintenance?.maintenance?.state;
		const goesDown = value !== null && value.phase !== 'running' && value.phase !== 'announced';
		return goesDown || state === 'in_progress' || state === 'verifying';
	}

	/** Reads it now, such as after something was done. */
	refresh(): void {
		this.soon.ask();
	}

	/** What it stands on has changed: the server's phase, a window, or that the server is there. */
	follow(): void {
		void [lifecycle.told, lifecycle.absence, graph.stirred];
		this.soon.ask();
	}

	/** Begins to read, but for while nobody sees the page; answers what ends that. */
	start(): () => void {
		let last = 0;
		void this.load.run();
		const timer = setInterval(() => {
			const every_ms = this.isBusy ? busy_every_ms : quiet_every_ms;
			const due = Date.now() - last >= every_ms;
			if (!due || this.load.busy || lifecycle.absence || document.visibilityState === 'hidden') return;
			last = Date.now();
			void this.load.run();
		}, busy_every_ms);
		return () => {
			clearInterval(timer);
			this.soon.stop();
		};
	}
}
