import { getNode } from '$lib/api/calls';
import type { Intention, Node } from '$lib/api/types';
import { Act } from '$lib/state/act.svelte';
import { graph } from '$lib/state/app.svelte';
import { Draft, type Values } from './draft.svelte';

/** A form over a node. The newest version comes by the live feed, or is fetched when a save is refused. */
export class NodeEdit<T extends Values> {
	readonly act = new Act();
	readonly draft: Draft<T>;

	constructor(
		protected readonly id: string,
		node: Node,
		private readonly read: (node: Node) => T,
		/** What the intention holds; its `type` too, where it is not `update_node`. */
		private readonly write: (changed: Partial<T>, values: T) => Partial<Intention>
	) {
		this.draft = new Draft(read(node), node.version);
	}

	/** The version that overtook this form in a field it shows; null while there is none. */
	readonly newer = $derived.by(() => {
		const node = graph.nodes.get(this.id);
		if (!node || node.version <= this.draft.version) return null;
		const values = this.read(node);
		const differs = this.draft.differences(values).length > 0;
		return differs ? { node, values } : null;
	});

	async save(): Promise<Node | null> {
		const held = graph.nodes.get(this.id);
		// A version that changed nothing of what is edited here (a state, say) is no conflict.
		if (held && held.version > this.draft.version && !this.newer) {
			this.draft.rebase(this.read(held), held.version);
		}
		const node = await this.send();
		if (node) {
			this.draft.reset(this.read(node), node.version);
			return node;
		}
		if (this.act.error?.code === 'stale') await this.overtaken();
		return null;
	}

	/** What it is now; null when it was refused. */
	protected async send(): Promise<Node | null> {
		const body = this.write(this.draft.changes(), this.draft.values);
		const results = await this.act.intend({
			type: 'update_node',
			...body,
			id: this.id,
			version: this.draft.version
		} as Intention);
		return results?.[0]?.node ?? null;
	}

	keepMine(): void {
		if (this.newer) this.draft.rebase(this.newer.values, this.newer.node.version);
		this.act.error = null;
	}

	takeTheirs(): void {
		if (this.newer) this.draft.reset(this.newer.values, this.newer.node.version);
		this.act.error = null;
	}

	/** Brings the version that was in the way; the form shows what differs. */
	private async overtaken(): Promise<void> {
		try {
			graph.answered([{ node: await getNode(this.id) }]);
		} catch {
			return; // the refusal stays on the form; saving again asks again
		}
		if (this.newer) this.act.error = null;
	}
}
