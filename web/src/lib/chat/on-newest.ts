import { asApiError } from '$lib/api/problem';
import { readMessage } from './read-message';
import type { MessageNode } from './types';

/**
 * Changes or deletes a message as one has it. A reaction, a pin or an answer raises its version too, and says nothing
 * against it: once more with the newest, as long as it still says what one saw. Else the conflict stands.
 */
export async function onNewest(
	message: MessageNode,
	act: (message: MessageNode) => Promise<void>,
	read: (id: string) => Promise<MessageNode | null> = readMessage
): Promise<void> {
	try {
		await act(message);
	} catch (cause) {
		if (asApiError(cause).code !== 'stale') throw cause;
		const newest = await read(message.id).catch(() => null);
		if (!newest || newest.message.deleted_at || newest.body !== message.body) throw cause;
		await act(newest);
	}
}
