import type { Audience } from '$lib/api/types';
import { Draft, type Overtaken } from '$lib/forms/draft.svelte';
import { Act } from '$lib/state/act.svelte';
import type { Update } from './updates';

type Words = { message: string; audience: Audience };
const wordsOf = ({ message, audience }: Words): Words => ({ message, audience });

/** A form over what people were told. `latest` is the update as it was last read; `reread` reads it anew. */
export class UpdateEdit implements Overtaken<Words> {
	readonly act = new Act();
	readonly draft: Draft<Words>;

	constructor(
		private readonly of_id: string,
		private readonly update: Update,
		private readonly latest: () => Update | undefined,
		private readonly reread: () => Promise<void>
	) {
		this.draft = new Draft(wordsOf(update), update.version);
	}

	readonly newer = $derived.by(() => {
		const latest = this.latest();
		return latest && latest.version > this.draft.version ? { values: wordsOf(latest), version: latest.version } : null;
	});

	async save(): Promise<boolean> {
		const { message, audience } = this.draft.changes();
		const patch = { ...(message === undefined ? {} : { message }), ...(audience === undefined ? {} : { audience }) };
		const [update_id, version] = [this.update.id, this.draft.version];
		if (await this.act.intend({ type: 'edit_update', id: this.of_id, update_id, version, patch })) return true;
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
