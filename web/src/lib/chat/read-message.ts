import { getNode } from '$lib/api/calls';
import { asApiError } from '$lib/api/problem';
import type { Node } from '$lib/api/types';
import { isMessage, type MessageNode } from './types';

/** One message, wherever it is; null: it is not there, or not for the viewer. Rejects where nobody knows. */
export async function readMessage(id: string, read: (id: string) => Promise<Node> = getNode): Promise<MessageNode | null> {
	try {
		const node = await read(id);
		return isMessage(node) ? node : null;
	} catch (cause) {
		// An id that is none is invalid.
		if ([400, 403, 404, 422].includes(asApiError(cause).status)) return null;
		throw cause;
	}
}
