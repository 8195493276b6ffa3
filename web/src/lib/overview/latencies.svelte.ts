import { SvelteMap } from 'svelte/reactivity';
import { getLatency } from '$lib/api/calls';
import type { Run } from '$lib/api/types';

export const refresh_every_ms = 15_000;
/** So many systems are asked for in one call. */
const batch = 200;

/** The latest check runs of systems, read anew while somebody looks. */
export class Latencies {
	readonly points = new SvelteMap<string, Run[]>();

	/** Reads now and then again and again, until the answer is called. */
	follow(ids: string[]): () => void {
		const abort = new AbortController();
		const read = async () => {
			if (document.visibilityState === 'hidden') return;
			for (let from = 0; from < ids.length; from += batch) {
				try {
					const answer = await getLatency(ids.slice(from, from + batch), abort.signal);
					for (const { id, points } of answer.items) this.points.set(id, points);
				} catch {
					return; // what was read before stays; the next round tries again
				}
			}
		};
		void read();
		const timer = setInterval(read, refresh_every_ms);
		return () => {
			abort.abort();
			clearInterval(timer);
		};
	}
}
