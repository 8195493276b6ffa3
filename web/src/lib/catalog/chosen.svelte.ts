import { SvelteSet } from 'svelte/reactivity';

/** At most so many take part in one act: as many as a maintenance may affect. */
export const most_chosen = 200;

/** Rows that are chosen to do something with, over filters and pages. */
export class Chosen {
	readonly ids = new SvelteSet<string>();
	/** Where a range begins. */
	private last: string | null = null;

	get full(): boolean {
		return this.ids.size >= most_chosen;
	}

	has(id: string): boolean {
		return this.ids.has(id);
	}

	/** One row, or with `range` all from the one before, in the order shown. */
	set(id: string, on: boolean, range = false, shown: string[] = []): void {
		const from = range && this.last ? shown.indexOf(this.last) : -1;
		const to = shown.indexOf(id);
		const ids = from < 0 || to < 0 ? [id] : shown.slice(Math.min(from, to), Math.max(from, to) + 1);
		this.setAll(ids, on);
		this.last = id;
	}

	setAll(ids: string[], on: boolean): void {
		for (const id of ids) {
			if (!on) this.ids.delete(id);
			else if (!this.full) this.ids.add(id);
		}
	}

	/** Only those that are still there. */
	keep(there: (id: string) => boolean): void {
		for (const id of [...this.ids]) if (!there(id)) this.ids.delete(id);
	}

	clear(): void {
		this.ids.clear();
		this.last = null;
	}
}
