import type { Command, Provider } from './registry';

/** So long after the last key what was typed is asked for (ms). */
const pause_ms = 120;
/** So long all are waited for, so that nothing moves; then what is there is shown (ms). */
const patience_ms = 300;
const most = 7;

export interface Found {
	id: string;
	title: string;
	commands: Command[];
}

/** Asks all providers for what is typed, and shows their answers together. */
export class Finder {
	found = $state.raw<Found[]>([]);
	/** What they were asked for; null before the first answers. */
	of = $state<string | null>(null);
	/** One of them did not answer. */
	failed = $state(false);
	private abort = new AbortController();

	constructor(private readonly providers: readonly Provider[]) {}

	/** For an effect: asks soon, and gives up when called off. */
	ask(q: string): () => void {
		const abort = new AbortController();
		this.abort.abort();
		this.abort = abort;
		const timer = setTimeout(() => void this.find(q, abort.signal), q ? pause_ms : 0);
		return () => {
			clearTimeout(timer);
			abort.abort();
		};
	}

	private async find(q: string, signal: AbortSignal): Promise<void> {
		if (signal.aborted) return;
		const answers = new Map<string, Command[]>();
		let failed = false;
		let shown = false;
		const show = () => {
			if (signal.aborted) return;
			this.found = this.providers
				.map(({ id, title }) => ({ id, title: title(), commands: (answers.get(id) ?? []).slice(0, most) }))
				.filter(({ commands }) => commands.length > 0);
			this.of = q;
			this.failed = failed;
			shown = true;
		};
		const asked = this.providers.map(async (provider) => {
			try {
				answers.set(provider.id, await provider.find(q, signal));
			} catch {
				failed = true;
			}
			if (shown) show();
		});
		const timer = setTimeout(show, patience_ms);
		await Promise.all(asked);
		clearTimeout(timer);
		show();
	}
}
