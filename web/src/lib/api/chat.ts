import type { ChatCalls } from '$lib/chat/calls';
import { isMessage, type FilePage, type MessageNode, type MessagePage } from '$lib/chat/types';
import { api, take } from './client';
import type { Node } from './types';
import { uploadTo } from './upload';

// Calls of channels and what is written in them; this file alone names the paths.

/** For a write of this version alone. */
const matching = (id: string, version: number) => ({ path: { id }, header: { 'If-Match': `"${version}"` } });

const messagesOf = (items: Node[]): MessageNode[] => items.filter(isMessage);

async function listMessages(...[id, query, signal]: Parameters<ChatCalls['listMessages']>): Promise<MessagePage> {
	const page = await take(api.GET('/api/v1/channels/{id}/messages', { params: { path: { id }, query }, signal }));
	return { ...page, items: messagesOf(page.items) };
}

async function listPins(id: string): Promise<{ items: MessageNode[] }> {
	const { items } = await take(api.GET('/api/v1/channels/{id}/pins', { params: { path: { id } } }));
	return { items: messagesOf(items) };
}

/** Until docs/openapi.json has the routes of files. */
const listFiles: ChatCalls['listFiles'] = (id, query) => {
	interface Client {
		GET(path: string, init: object): Promise<{ data?: FilePage; error?: unknown; response: Response }>;
	}
	return take((api as unknown as Client).GET('/api/v1/channels/{id}/files', { params: { path: { id }, query } }));
};

export const chatCalls: ChatCalls = {
	listMessages,
	listPins,
	listFiles,
	postMessage: (id, body, signal) => take(api.POST('/api/v1/channels/{id}/messages', { params: { path: { id } }, body, signal })),
	editMessage: (id, version, body) => take(api.PATCH('/api/v1/messages/{id}', { params: matching(id, version), body: { body } })),
	deleteMessage: (id, version) => take(api.DELETE('/api/v1/messages/{id}', { params: matching(id, version) })),
	listEdits: (id, query) => take(api.GET('/api/v1/messages/{id}/edits', { params: { path: { id }, query } })),
	react: (id, emoji, on) => take(api.PUT('/api/v1/messages/{id}/reactions', { params: { path: { id } }, body: { emoji, on } })),
	pin: (id, pinned) => take(api.PUT('/api/v1/messages/{id}/pin', { params: { path: { id } }, body: { pinned } })),
	promote: (id, audience) => take(api.POST('/api/v1/messages/{id}/promote', { params: { path: { id } }, body: { audience } })),
	upload: (id, file, progress, signal) => uploadTo(`/api/v1/channels/${id}/files`, file, progress, signal),
	listMarks: () => take(api.GET('/api/v1/channels/marks')),
	setMark: (id, body) => take(api.PUT('/api/v1/channels/{id}/mark', { params: { path: { id } }, body }))
};
