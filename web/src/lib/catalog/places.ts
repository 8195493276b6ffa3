import type { Node } from '$lib/api/types';
import { placeOf } from '$lib/graph/nodes';
import { graph } from '$lib/state/app.svelte';

/** Where something is, outermost first, as far as one may see it. */
export function placeText(node: Node): string {
	return placeOf(node, graph.nodes)
		.map((place) => place.title)
		.join(' / ');
}

/** The same with its own name at the end: to tell apart what is called alike. */
export function pathText(node: Node): string {
	return [...placeOf(node, graph.nodes), node].map((place) => place.title).join(' / ');
}
