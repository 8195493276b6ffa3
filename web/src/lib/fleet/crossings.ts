import type { Edge, EdgeKind } from '$lib/api/types';

/** A device came into a fence, or went out of it. */
export interface Crossing {
	id: string;
	kind: 'entered' | 'left';
	device_id: string;
	fence_id: string;
	at: number;
}

export type Inside = Pick<Edge, 'id' | 'source_id' | 'target_id' | 'created_at'>;

export const crossings_max = 100;

export const isInside = (edge: Edge): boolean => (edge.kind as EdgeKind) === 'inside';

/**
 * What happened between two looks at who is inside. Only of fences that were followed at both looks, and
 * only where device and fence are still to be seen: what went out of sight has not gone anywhere.
 */
export function crossed(
	before: ReadonlyMap<string, Inside>,
	after: ReadonlyMap<string, Inside>,
	followed: (fence_id: string) => boolean,
	seen: (id: string) => boolean,
	now: number
): Crossing[] {
	const found: Crossing[] = [];
	const note = (kind: Crossing['kind'], edge: Inside, at: number) => {
		const { source_id: device_id, target_id: fence_id } = edge;
		if (followed(fence_id) && seen(device_id) && seen(fence_id)) found.push({ id: `${kind} ${edge.id}`, kind, device_id, fence_id, at });
	};
	for (const [id, edge] of after) if (!before.has(id)) note('entered', edge, Date.parse(edge.created_at) || now);
	for (const [id, edge] of before) if (!after.has(id)) note('left', edge, now);
	return found.sort((a, b) => b.at - a.at);
}

/** The newest first, and no more than are looked at. */
export const joined = (fresh: Crossing[], held: Crossing[]): Crossing[] => [...fresh, ...held].slice(0, crossings_max);
