import type { Edge, Impact } from '$lib/api/types';

export const impacts: Impact[] = ['informational', 'degraded', 'critical'];

/** How hard a failure at the other end of a dependency hits; by default it degrades. */
export function impactOf({ attrs }: Pick<Edge, 'attrs'>): Impact {
	return impacts.find((known) => known === attrs.impact) ?? 'degraded';
}
