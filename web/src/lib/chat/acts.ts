import type { MessageNode } from './types';

export type MessageAct = 'reply' | 'react' | 'edit' | 'copy' | 'pin' | 'promote' | 'delete';

/** Who looks at the channel, and what they may do there. The server decides; this only hides what it would refuse. */
export interface Viewer {
	id: string | null;
	writable: boolean;
	/** An administrator of the channel. */
	admin: boolean;
	/** The channel is beside something with a timeline on which they may write. */
	promotes: boolean;
}

/** What may be done with a message, in the order in which it is offered. */
export function actsOn({ message }: Pick<MessageNode, 'message'>, { id, writable, admin, promotes }: Viewer): MessageAct[] {
	if (message.deleted_at) return [];
	if (!writable) return ['copy'];
	const own = id !== null && message.author?.id === id;
	const can: Record<MessageAct, boolean> = {
		reply: message.thread_id === null,
		react: true,
		edit: own,
		copy: true,
		pin: true,
		promote: promotes && message.promoted_at === null,
		delete: own || admin
	};
	return (Object.keys(can) as MessageAct[]).filter((act) => can[act]);
}

/** The last message of one's own that can still be edited. */
export function lastOwn(messages: readonly MessageNode[], id: string | null): MessageNode | null {
	return (id && messages.findLast(({ message }) => message.author?.id === id && !message.deleted_at)) || null;
}
