import type { DeviceInput } from '$lib/api/fleet';
import type { Node } from '$lib/api/types';
import { isDevice } from '$lib/graph/nodes';

/** A device's fields as the form has them. */
export type DeviceValues = { title: string; body: string; imei: string; model: string };

export const fresh: DeviceValues = { title: '', body: '', imei: '', model: '' };

export function readDevice(node: Node): DeviceValues {
	const { title, body } = node;
	return isDevice(node) ? { title, body, imei: node.device.imei, model: node.device.model ?? '' } : { ...fresh, title, body };
}

/** What of a request the changed fields make up. Blanks in an IMEI are how people group its digits. */
export function writeDevice(changed: Partial<DeviceValues>): DeviceInput {
	return {
		...(changed.title !== undefined ? { title: changed.title.trim() } : {}),
		...(changed.body !== undefined ? { body: changed.body } : {}),
		...(changed.imei !== undefined ? { imei: changed.imei.replaceAll(/[\s-]/g, '') } : {}),
		...(changed.model !== undefined ? { model: changed.model.trim() } : {})
	};
}
