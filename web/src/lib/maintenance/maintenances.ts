import type { MaintenanceFacet, MaintenanceNode, Node } from '$lib/api/types';
import { may } from '$lib/state/queries.svelte';
import { session } from '$lib/state/session.svelte';

export function isMaintenance(node: Node | null | undefined): node is MaintenanceNode {
	return node?.kind === 'maintenance' && node.maintenance !== null && node.maintenance !== undefined;
}

/** What may still be done to it; the server decides who may. */
export function possible({ state }: Pick<MaintenanceFacet, 'state'>) {
	const underWay = state === 'in_progress' || state === 'verifying';
	return {
		extend: state === 'scheduled' || state === 'in_progress',
		start: state === 'scheduled',
		cancel: state === 'scheduled',
		close: underWay,
		rehearse: state === 'scheduled' || underWay
	};
}

/** A minute's part of an end that is extended: from the present end, or from now when that is past (ms). */
export function extendedBy(ends_at: string, minutes: number, now: number): number {
	return Math.max(Date.parse(ends_at), now) + minutes * 60_000;
}

/** Of Synops itself: its administrators. The server decides the rest too. */
export function mayAct(node: MaintenanceNode): boolean {
	return node.maintenance.affects_instance ? session.admin : may(node, 'member');
}
