import { ApiError, refusal } from '$lib/api/problem';
import type { ChatCalls } from '../calls';

interface Init {
	body?: unknown;
	version?: number;
	signal?: AbortSignal;
}

/** The calls of chat, on a server of a test. */
export function callsTo(address: () => string): ChatCalls {
	async function call<T>(method: string, path: string, { body, version, signal }: Init = {}): Promise<T> {
		const headers: Record<string, string> = version === undefined ? {} : { 'If-Match': `"${version}"` };
		const asked = { method, headers, signal, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
		const answer = await fetch(`http://${address()}${path}`, asked).catch((cause: unknown) => {
			throw signal?.aborted ? cause : new ApiError('network', 0, null);
		});
		const data: unknown = await answer.json();
		if (!answer.ok) throw refusal(answer.status, data);
		return data as T;
	}
	const query = (what: object) => new URLSearchParams(Object.entries(what).map(([name, value]) => [name, String(value)])).toString();
	const unused = () => Promise.reject(new Error('not for tests'));
	return {
		listMessages: (id, what, signal) => call('GET', `/channels/${id}/messages?${query(what)}`, { signal }),
		postMessage: (id, body, signal) => call('POST', `/channels/${id}/messages`, { body, signal }),
		editMessage: (id, version, body) => call('PATCH', `/messages/${encodeURIComponent(id)}`, { body: { body }, version }),
		deleteMessage: (id, version) => call('DELETE', `/messages/${encodeURIComponent(id)}`, { version }),
		react: (id, emoji, on) => call('PUT', `/messages/${encodeURIComponent(id)}/reactions`, { body: { emoji, on } }),
		pin: (id, pinned) => call('PUT', `/messages/${encodeURIComponent(id)}/pin`, { body: { pinned } }),
		listPins: (id) => call('GET', `/channels/${id}/pins`),
		listMarks: () => call('GET', '/channels/marks'),
		setMark: (id, body) => call('PUT', `/channels/${id}/mark`, { body }),
		promote: unused,
		listEdits: unused,
		listFiles: unused,
		upload: unused
	};
}
