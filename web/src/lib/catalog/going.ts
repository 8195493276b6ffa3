import type { IncidentNode, Node } from '$lib/api/types';

export function isIncident(node: Node | null | undefined): node is IncidentNode {
	return node?.kind === 'incident' && node.incident !== null && node.incident !== undefined;
}
