import type { Node } from '$lib/api/types';
import { NodeEdit } from '$lib/forms/node-edit.svelte';
import type { Values } from '$lib/forms/draft.svelte';
import { graph } from '$lib/state/app.svelte';

/** A form over a node of the fleet: its changes go to the node's own address, as of the version they were made from. */
export class FleetEdit<T extends Values> extends NodeEdit<T> {
	constructor(
		id: string,
		node: Node,
		read: (node: Node) => T,
		private readonly put: (id: string, version: number, changed: Partial<T>, values: T) => Promise<Node>
	) {
		super(id, node, read, () => ({}));
	}

	protected override async send(): Promise<Node | null> {
		const { version, values } = this.draft;
		const done = await this.act.run(() => this.put(this.id, version, this.draft.changes(), values));
		if (done) graph.answered([{ node: done.value }]);
		return done?.value ?? null;
	}
}
