import type { DeviceNode, Node } from '$lib/api/types';
import { isDevice } from '$lib/graph/nodes';
import type { Pin } from './map/features';
import type { Sign } from './map/symbols';
import type { Position } from './positions';

/** Slower than this (km/h) is no way to move: a receiver that stands still tells of some too. */
const still_kmh = 5;

/**
 * What it is shown as: what it did last says nothing while it is away. Where its node does not tell
 * whether it moves, its latest position does.
 */
export function signOf({ device }: DeviceNode, position?: Position): Sign {
	if (!device.online) return device.seen_at || device.online_since || position ? 'offline' : 'unknown';
	if (device.motion && device.motion !== 'unknown') return device.motion;
	if (position?.speed_kmh == null) return 'unknown';
	return position.speed_kmh < still_kmh ? 'stopped' : 'moving';
}

/** Where it is: what the positions tell, and until they do what its node tells. */
export function placeOn(node: DeviceNode, position: Position | undefined): [number, number] | null {
	if (position) return [position.longitude, position.latitude];
	const { longitude, latitude } = node.device;
	return longitude != null && latitude != null ? [longitude, latitude] : null;
}

export function pinOf(node: DeviceNode, position: Position | undefined): Pin | null {
	const at = placeOn(node, position);
	if (!at) return null;
	return { id: node.id, title: node.title, sign: signOf(node, position), longitude: at[0], latitude: at[1], heading: position?.heading_deg ?? 0 };
}

/** Titles as they are put in order: without regard to case, and by what their numbers say. */
export const orderKey = (title: string): string => title.toLocaleLowerCase().replace(/\d+/g, (digits) => digits.padStart(10, '0'));

/**
 * The devices among nodes, by title. There may be ten thousand, and one of them changes every moment:
 * they are only put in order again when one comes, goes or is named anew.
 */
export class DeviceOrder {
	private keys = new Map<string, { title: string; key: string }>();
	private order: string[] = [];

	sorted(nodes: Iterable<Node>): DeviceNode[] {
		const byId = new Map<string, DeviceNode>();
		for (const node of nodes) if (isDevice(node)) byId.set(node.id, node);
		if (this.isOutdated(byId)) this.sort(byId);
		return this.order.map((id) => byId.get(id) as DeviceNode);
	}

	private isOutdated(byId: Map<string, DeviceNode>): boolean {
		if (byId.size !== this.order.length) return true;
		for (const [id, { title }] of byId) if (this.keys.get(id)?.title !== title) return true;
		return false;
	}

	private sort(byId: Map<string, DeviceNode>): void {
		const keys = new Map<string, { title: string; key: string }>();
		for (const [id, { title }] of byId) {
			const held = this.keys.get(id);
			keys.set(id, held?.title === title ? held : { title, key: orderKey(title) });
		}
		this.keys = keys;
		const rows = [...keys].map(([id, { key }]) => ({ id, key }));
		rows.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.id < b.id ? -1 : 1));
		this.order = rows.map(({ id }) => id);
	}
}
