import { graph } from '$lib/state/app.svelte';

/** Ids with commas between, as forms hold what an incident or a maintenance affects. */
export const idsOf = (affects: string): string[] => affects.split(',').filter((id) => id !== '');

/** What it affects, as far as it is followed. */
export function affectsOf(id: string): string {
	return [...graph.edges.values()]
		.filter((edge) => edge.kind === 'affects' && edge.source_id === id)
		.map((edge) => edge.target_id)
		.sort()
		.join(',');
}

/** The names of these, as far as they are followed. */
export function namesOf(affects: string): string {
	return idsOf(affects).flatMap((id) => graph.nodes.get(id)?.title ?? []).join(', ');
}
