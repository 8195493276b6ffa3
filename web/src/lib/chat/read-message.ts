import { getNode } from '$lib/api/calls';
import { isMessage, type MessageNode } from './types';

/** One message, wherever it is; null: it is not there, or not for the viewer, or no answer came. */
export async function readMessage(id: string): Promise<MessageNode | null> {
	try {
		const node = await getNode(id);
		return isMessage(node) ? node : null;
	} catch {
		return null;
	}
}
