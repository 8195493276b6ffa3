import { follow, graph } from '$lib/state/app.svelte';

/** Follows environments, so that the graph tells what runs in them. For an effect. */
export function followAll(ids: string[]): () => void {
	const ends = ids.map((id) => follow(`node:${id}`));
	return () => ends.forEach((end) => end());
}

/** The systems that run in these, as far as they are followed. */
export function runningIn(environments: string[]): Set<string> {
	const wanted = new Set(environments);
	const found = new Set<string>();
	if (wanted.size === 0) return found;
	for (const edge of graph.edges.values()) {
		if (edge.kind === 'runs_in' && wanted.has(edge.target_id)) found.add(edge.source_id);
	}
	return found;
}
