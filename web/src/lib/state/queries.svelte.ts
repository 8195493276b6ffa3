import type { Level, Node } from '$lib/api/types';
import { isProblem, isSystem, ofKind } from '$lib/graph/nodes';
import { graph } from './app.svelte';
import { session } from './session.svelte';

/** What several parts of the page read from the graph, worked out once per change. */
class Queries {
	readonly workspaces = $derived(ofKind(graph.nodes.values(), 'workspace'));
	readonly groups = $derived(ofKind(graph.nodes.values(), 'group'));
	readonly systems = $derived(ofKind(graph.nodes.values(), 'system').filter(isSystem));
	readonly problems = $derived(this.systems.filter(isProblem));
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
