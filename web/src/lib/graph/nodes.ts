import type { DeviceNode, Edge, GeofenceNode, Node, NodeKind, SystemNode, SystemState } from '$lib/api/types';
import type { Shown } from '$lib/ui/StateBadge.svelte';

/** Synops itself: what all else is part of. */
export const instance_id = '00000000-0000-7000-8000-000000000001';

const homes: Record<NodeKind, string> = {
	instance: '/workspaces',
	workspace: '/workspaces',
	group: '/groups',
	system: '/systems',
	team: '/teams',
	person: '/people',
	maintenance: '/maintenances',
	view: '/views',
	environment: '/environments',
	contact: '/contacts',
	incident: '/incidents',
	announcement: '/announcements',
	status_page: '/status-pages',
	connection: '/connections',
	device: '/fleet',
	geofence: '/fleet/fences',
	channel: '/channels',
	message: '/messages', // which leads on to where it was said
	board: '/boards',
	column: '/boards',
	card: '/boards',
	note: '/notes'
};

export function hrefOf(node: { id: string; kind: NodeKind; parent_id?: string | null }): string {
	if (node.kind === 'instance') return '/admin/health';
	const home = homes[node.kind];
	// Columns and cards are seen on their board.
	if (node.kind === 'column') return node.parent_id ? `${home}/${node.parent_id}` : home;
	if (node.kind === 'card') return node.parent_id ? `${home}/${node.parent_id}?card=${node.id}` : home;
	return `${home}/${node.id}`;
}

export function isSystem(node: Node): node is SystemNode {
	return node.kind === 'system' && node.system !== undefined;
}

export function isDevice(node: Node): node is DeviceNode {
	return Boolean(node.device);
}

export function isGeofence(node: Node): node is GeofenceNode {
	return Boolean(node.geofence);
}

export function byTitle(a: Node, b: Node): number {
	return a.title.localeCompare(b.title, undefined, { sensitivity: 'base', numeric: true }) || (a.id < b.id ? -1 : 1);
}

export function ofKind(nodes: Iterable<Node>, ...kinds: NodeKind[]): Node[] {
	return [...nodes].filter((node) => kinds.includes(node.kind)).sort(byTitle);
}

/** As people put them in order, and then by title. */
export function byPosition(a: Node, b: Node): number {
	return a.position - b.position || byTitle(a, b);
}

/**
 * What a system's state is shown as, with what it depends on. One whose checks
 * are paused has none of its own.
 */
export function shownState({ system }: SystemNode): Shown {
	return system.enabled || isIll(system.effective_state) ? system.effective_state : 'paused';
}

export function isIll(state: SystemState): boolean {
	return state === 'down' || state === 'degraded';
}

/** Whether it may be unwell because of another: its own checks don't say so. */
export function mayHaveCause({ system }: SystemNode): boolean {
	return isIll(system.effective_state) && !isIll(system.state);
}

export function isProblem(node: SystemNode): boolean {
	return isIll(node.system.effective_state);
}

/** What a node is part of, outermost first, as far as one may see it; without Synops itself. */
export function placeOf(node: Node, nodes: ReadonlyMap<string, Node>): Node[] {
	const path: Node[] = [];
	const seen = new Set([node.id]);
	let next = node.parent_id;
	while (next && !seen.has(next)) {
		seen.add(next);
		const parent = nodes.get(next);
		if (!parent || parent.kind === 'instance') break;
		path.unshift(parent);
		next = parent.parent_id;
	}
	return path;
}

export function crumbsOf(node: Node, nodes: ReadonlyMap<string, Node>) {
	return placeOf(node, nodes).map((place) => ({ title: place.title, href: hrefOf(place) }));
}

/** The node at an edge's other end. */
export function otherEnd(edge: Edge, id: string): string {
	return edge.source_id === id ? edge.target_id : edge.source_id;
}
