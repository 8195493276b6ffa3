import type { ChatCalls, NewMessage, PageQuery } from '$lib/chat/calls';
import type { ChannelMark, FilePage, MessageEditPage, MessageNode, MessagePage } from '$lib/chat/types';
import { api, take } from './client';
import type { Audience, Node } from './types';
import { uploadTo } from './upload';

// Calls of channels and what is written in them; this file alone names the paths.

interface Init {
	params?: { path?: object; query?: object; header?: object };
	body?: unknown;
	signal?: AbortSignal;
}
type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
type Answer<T> = Promise<{ data?: T; error?: unknown; response: Response }>;

/** By the page's own client, so that a read sees the write before it. */
function call<T>(method: Method, path: string, init: Init = {}): Promise<T> {
	const client = api as unknown as { request(method: Method, path: string, init: Init): Answer<T> };
	return take(client.request(method, `/api/v1${path}`, init));
}

const of = (id: string) => ({ params: { path: { id } } });

/** For a write of this version alone. */
const matching = (id: string, version: number) => ({ params: { path: { id }, header: { 'If-Match': `"${version}"` } } });

export const chatCalls: ChatCalls = {
	listMessages: (id, query: PageQuery, signal) =>
		call<MessagePage>('get', '/channels/{id}/messages', { params: { path: { id }, query }, signal }),
	postMessage: (id, body: NewMessage, signal) => call<Node>('post', '/channels/{id}/messages', { ...of(id), body, signal }),
	editMessage: (id, version, body) => call<Node>('patch', '/messages/{id}', { ...matching(id, version), body: { body } }),
	deleteMessage: (id, version) => call<Node>('delete', '/messages/{id}', matching(id, version)),
	listEdits: (id, query) => call<MessageEditPage>('get', '/messages/{id}/edits', { params: { path: { id }, query } }),
	react: (id, emoji, on) => call<Node>('put', '/messages/{id}/reactions', { ...of(id), body: { emoji, on } }),
	pin: (id, pinned) => call<Node>('put', '/messages/{id}/pin', { ...of(id), body: { pinned } }),
	promote: (id, audience: Audience) => call<Node>('post', '/messages/{id}/promote', { ...of(id), body: { audience } }),
	listPins: (id) => call<{ items: MessageNode[] }>('get', '/channels/{id}/pins', of(id)),
	listFiles: (id, query) => call<FilePage>('get', '/channels/{id}/files', { params: { path: { id }, query } }),
	upload: (id, file, progress, signal) => uploadTo(`/api/v1/channels/${id}/files`, file, progress, signal),
	listMarks: () => call<{ items: ChannelMark[] }>('get', '/channels/marks'),
	setMark: (id, body) => call<ChannelMark>('put', '/channels/{id}/mark', { ...of(id), body })
};
