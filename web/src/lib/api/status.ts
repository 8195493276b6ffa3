import { api, take } from './client';

// What others see of some systems.

export const listEntries = (id: string) =>
	take(api.GET('/api/v1/status-pages/{id}/entries', { params: { path: { id } } }));

export const listFollowers = (id: string, query: { cursor?: string; limit?: number }) =>
	take(api.GET('/api/v1/status-pages/{id}/followers', { params: { path: { id }, query } }));

export const deleteFollower = (id: string, follower_id: string) =>
	take(api.DELETE('/api/v1/status-pages/{id}/followers/{follower_id}', { params: { path: { id, follower_id } } }));

const page_timeout_ms = 15_000;

export interface ReadersPage {
	html: string;
	/** The same as long as it says the same, whenever it was asked for. */
	etag: string | null;
}

/** The page as its readers get it; null: nobody reads it (any more) at this address. */
export async function readPage(slug: string, lang: string): Promise<ReadersPage | null> {
	const signal = AbortSignal.timeout(page_timeout_ms);
	const headers = { Accept: 'text/html' };
	const answer = await fetch(`/status/${slug}?lang=${lang}`, { headers, cache: 'no-store', signal });
	return answer.ok ? { html: await answer.text(), etag: answer.headers.get('ETag') } : null;
}
