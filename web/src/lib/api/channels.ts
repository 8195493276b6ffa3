import { isChannel, type ChannelNode, type History } from '$lib/chat/types';
import { api, take } from './client';
import type { Intention, Visibility } from './types';

// Channels themselves; what is said in them is api/chat.ts.

interface Query {
	parent_id?: string;
	/** Beginnings of words of title or topic. */
	q?: string;
	cursor?: string;
	limit?: number;
}

/** In pages, by title. */
export async function listChannels(query: Query, signal?: AbortSignal): Promise<{ items: ChannelNode[]; next_cursor: string | null }> {
	const { items, next_cursor } = await take(api.GET('/api/v1/channels', { params: { query }, signal }));
	return { items: items.filter(isChannel), next_cursor };
}

export interface NewChannel {
	parent_id: string;
	/** Left out: that of what it is beside. */
	title?: string;
	body?: string;
	history?: History;
	visibility?: Visibility;
}

/** Makes it. Beside a thing that has one already, that one is the answer. */
export function creating({ history, visibility, ...rest }: NewChannel): Intention {
	return {
		type: 'create_channel',
		...rest,
		...(history ? { channel: { history } } : {}),
		...(visibility ? { scope: { visibility } } : {})
	};
}

/** What its fields are changed to; whoever carries it out adds id and version. */
export function changing({ history, ...texts }: { title?: string; body?: string; history?: History }): Partial<Intention> {
	return { type: 'update_channel', ...texts, ...(history ? { channel: { history } } : {}) };
}
