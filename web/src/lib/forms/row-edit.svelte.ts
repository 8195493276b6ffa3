import type { Intention } from '$lib/api/types';
import { Act } from '$lib/state/act.svelte';
import { Draft, type Overtaken, type Values } from './draft.svelte';

interface Version<T> {
	values: T;
	version: number;
}

/** A form over something that is no node, and so is read: as it was last, and anew when a save is refused. */
export class RowEdit<T extends Values> implements Overtaken<T> {
	readonly act = new Act();
	readonly draft: Draft<T>;

	constructor(
		first: Version<T>,
		private readonly latest: () => Version<T> | null,
		private readonly reread: () => Promise<void>,
		private readonly write: (changed: Partial<T>, version: number, values: T) => Intention
	) {
		this.draft = new Draft(first.values, first.version);
	}

	/** The version that overtook this form; null while there is none. */
	readonly newer = $derived.by(() => {
		const latest = this.latest();
		return latest && latest.version > this.draft.version ? latest : null;
	});

	/** Whether it was saved. */
	async save(): Promise<boolean> {
		if (await this.act.intend(this.write(this.draft.changes(), this.draft.version, this.draft.values))) return true;
		if (this.act.error?.code === 'stale') {
			await this.reread();
			if (this.newer) this.act.error = null;
		}
		return false;
	}

	keepMine(): void {
		if (this.newer) this.draft.rebase(this.newer.values, this.newer.version);
		this.act.error = null;
	}

	takeTheirs(): void {
		if (this.newer) this.draft.reset(this.newer.values, this.newer.version);
		this.act.error = null;
	}
}
