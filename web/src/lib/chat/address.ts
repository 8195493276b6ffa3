import type { MessageNode } from './types';

/** Where a message is: in its channel, or in the thread of the message it answers. */
export interface Spot {
	thread_id: string | null;
	number: number | null;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The page that shows a message and marks it. */
export function hrefOfMessage({ message }: Pick<MessageNode, 'message'>): string {
	const thread = message.thread_id ? `thread=${message.thread_id}&` : '';
	return `/channels/${message.channel_id}?${thread}message=${message.number}`;
}

/** What the address of a channel's page asks for; anything else in it counts for nothing. */
export function spotIn(query: URLSearchParams): Spot {
	const thread = query.get('thread') ?? '';
	const asked = query.get('message') ?? '';
	const number = /^[1-9]\d{0,14}$/.test(asked) ? Number(asked) : null;
	return { thread_id: uuid.test(thread) ? thread.toLowerCase() : null, number };
}

export const hrefOfFile = ({ id }: { id: string }) => `/api/v1/files/${encodeURIComponent(id)}`;
