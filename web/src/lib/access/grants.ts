import type { Edge, EdgeKind, Node } from '$lib/api/types';
import { byTitle, otherEnd } from '$lib/graph/nodes';

/** The edges that give access, highest first. */
export const grant_kinds = ['owner', 'admin', 'member_of', 'reader'] as const;
export type GrantKind = (typeof grant_kinds)[number];

export function isGrant(kind: EdgeKind): kind is GrantKind {
	return (grant_kinds as readonly EdgeKind[]).includes(kind);
}

export interface Grant {
	edge: Edge & { kind: GrantKind };
	/** The node at the other end. */
	other: Node;
}

/** Grants from (`out`) or to (`in`) a node; a team's members are not among them. */
export function grantsOf(
	id: string,
	direction: 'in' | 'out',
	edges: Iterable<Edge>,
	nodes: ReadonlyMap<string, Node>
): Grant[] {
	const found: Grant[] = [];
	for (const edge of edges) {
		const mine = (direction === 'in' ? edge.target_id : edge.source_id) === id;
		const other = nodes.get(otherEnd(edge, id));
		const target = nodes.get(edge.target_id);
		if (!mine || !other || target?.kind === 'team' || !isGrant(edge.kind)) continue;
		found.push({ edge: { ...edge, kind: edge.kind }, other });
	}
	return found.sort(
		(a, b) =>
			grant_kinds.indexOf(a.edge.kind) - grant_kinds.indexOf(b.edge.kind) || byTitle(a.other, b.other)
	);
}

/** Who belongs to a team (`in`), or to which teams somebody belongs (`out`). */
export function memberships(
	id: string,
	direction: 'in' | 'out',
	edges: Iterable<Edge>,
	nodes: ReadonlyMap<string, Node>
): { edge: Edge; other: Node }[] {
	const found: { edge: Edge; other: Node }[] = [];
	for (const edge of edges) {
		const mine = (direction === 'in' ? edge.target_id : edge.source_id) === id;
		const other = nodes.get(otherEnd(edge, id));
		const target = nodes.get(edge.target_id);
		if (mine && other && edge.kind === 'member_of' && target?.kind === 'team') found.push({ edge, other });
	}
	return found.sort((a, b) => byTitle(a.other, b.other));
}
