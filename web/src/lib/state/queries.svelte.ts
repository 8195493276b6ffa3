import { untrack } from 'svelte';
import type { Level, Node, NodeKind } from '$lib/api/types';
import { isProblem, isSystem, ofKind } from '$lib/graph/nodes';
import { graph } from './app.svelte';
import { session } from './session.svelte';

/** Those of a kind. That something changed is one sign for all nodes: there may be thousands, each with a sign of its own. */
function all(kind: NodeKind): Node[] {
	void graph.stirred;
	return untrack(() => ofKind(graph.nodes.values(), kind));
}

/** What several parts of the page read from the graph, worked out once per change. */
class Queries {
	readonly workspaces = $derived(all('workspace'));
	readonly groups = $derived(all('group'));
	readonly systems = $derived(all('system').filter(isSystem));
	readonly problems = $derived(this.systems.filter(isProblem));
	/** There is no place and no system that one may see. */
	readonly isEmpty = $derived(this.workspaces.length + this.groups.length + this.systems.length === 0);
	/** Places something may be put into: those in whose scope one may write. */
	readonly places = $derived(
		[...this.workspaces, ...this.groups].filter((node) => may(node, 'member'))
	);
}

export const queries = new Queries();

/** Whether one's level where the node is reaches this one. */
export function may(node: Pick<Node, 'scope_id'>, level: Level): boolean {
	return session.reaches(graph.levels.get(node.scope_id), node.scope_id, level);
}

/** Whether one may change a node's own fields: those of a scope root are its settings. */
export function mayChange(node: Node): boolean {
	return may(node, node.scope ? 'admin' : 'member');
}

/** Whether one may delete a node: a scope root is its owners'. */
export function mayDelete(node: Node): boolean {
	return may(node, node.scope ? 'owner' : 'member');
}
