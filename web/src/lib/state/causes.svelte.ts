import { SvelteMap } from 'svelte/reactivity';
import { getStates } from '$lib/api/catalog';
import type { Cause } from '$lib/api/types';
import { mayHaveCause } from '$lib/graph/nodes';
import { queries } from './queries.svelte';
import { Soon } from './soon';

const pause_ms = 100;
/** After a read that failed. */
const again_ms = 5_000;
/** So many systems are asked for in one call. */
const batch = 500;

/**
 * Why systems are unwell that don't fail by themselves. No event tells a cause,
 * but the node's version rises with each change of it.
 */
class Causes {
	private readonly known = new SvelteMap<string, Cause | null>();
	private turn = 0;
	/** Once the first answer is here, or there is nothing to ask. */
	settled = $state(false);

	/** Null for a failure of its own, for none, and while it is not known yet. */
	of(id: string): Cause | null {
		return this.known.get(id) ?? null;
	}

	/** Whether the server has said why, or that nothing else is behind it. */
	knows(id: string): boolean {
		return this.known.has(id);
	}

	/** For an effect that lives as long as the page: asks again whenever one of them has changed. */
	watch(): () => void {
		const soon = new Soon(() => void read(), pause_ms);
		const later = new Soon(() => void read(), again_ms);
		const read = async () => {
			if (!(await this.read())) later.ask();
		};
		const asked = $derived(
			queries.problems
				.filter(mayHaveCause)
				.map(({ id, version }) => `${id}.${version}`)
				.join()
		);
		$effect(() => {
			void asked;
			soon.ask();
		});
		return () => {
			soon.stop();
			later.stop();
		};
	}

	/** Whether it was read, or is being read anew. */
	private async read(): Promise<boolean> {
		const turn = ++this.turn;
		const ids = queries.problems.filter(mayHaveCause).map((system) => system.id);
		const told = new Map<string, Cause | null>();
		try {
			for (let from = 0; from < ids.length; from += batch) {
				const { items } = await getStates(ids.slice(from, from + batch));
				for (const { id, cause } of items) told.set(id, cause ?? null);
			}
		} catch {
			this.settled = true;
			return turn !== this.turn; // what was known stays meanwhile
		}
		if (turn !== this.turn) return true;
		for (const id of [...this.known.keys()]) if (!told.has(id)) this.known.delete(id);
		for (const [id, cause] of told) this.known.set(id, cause);
		this.settled = true;
		return true;
	}
}

export const causes = new Causes();
