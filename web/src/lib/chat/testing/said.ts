import type { MessageNode, Reaction } from '../types';

interface Said {
	number: number;
	author?: string | null;
	at?: number;
	body?: string;
	deleted?: boolean;
	thread_id?: string | null;
	promoted?: boolean;
	reactions?: Reaction[];
}

/** A message, as far as a list of them looks at it. */
export function message({ number, author = 'a', at = 0, body = '', deleted = false, thread_id = null, promoted = false, reactions = [] }: Said): MessageNode {
	const now = new Date(at).toISOString();
	const facet: MessageNode['message'] = {
		channel_id: 'c',
		thread_id,
		number,
		author: author === null ? null : { id: author, title: author.toUpperCase() },
		edited_at: null,
		deleted_at: deleted ? now : null,
		pinned_at: null,
		pinned_by: null,
		promoted_at: promoted ? now : null,
		replies: 0,
		last_reply_at: null,
		mentions: [],
		reactions,
		files: []
	};
	return { id: `m${number}`, kind: 'message', title: body, body, version: 1, created_at: now, updated_at: now, message: facet } as unknown as MessageNode;
}
