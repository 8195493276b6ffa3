import { getNode } from '$lib/api/calls';
import type { Node } from '$lib/api/types';
import { graph } from '$lib/state/app.svelte';
import { session } from '$lib/state/session.svelte';

const most = 8;
/**
 * Holds a list of ids in localStorage, of each person apart. Names are not kept:
 * they are asked for anew, so that nobody reads what they no longer may.
 */
const key = () => `synops.recent.${session.person?.id ?? 'nobody'}`;

function read(): string[] {
	try {
		const ids: unknown = JSON.parse(localStorage.getItem(key()) ?? '[]');
		return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string').slice(0, most) : [];
	} catch {
		return []; // Storage may be blocked, or hold something else.
	}
}

/** Somebody opened its page. */
export function noteOpened({ id }: Pick<Node, 'id'>): void {
	try {
		localStorage.setItem(key(), JSON.stringify([id, ...read().filter((one) => one !== id)].slice(0, most)));
	} catch {
		// As above: then nothing is offered.
	}
}

/** What was opened lately, the latest first, as far as it is there and may be seen. */
export async function opened(): Promise<Node[]> {
	const nodes = await Promise.all(read().map((id) => graph.nodes.get(id) ?? getNode(id).catch(() => null)));
	return nodes.filter((node) => node !== null);
}
