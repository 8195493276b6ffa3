import { api, take } from './client';

/** What a note said before, newest first. */
export const listNoteVersions = (id: string, query: { limit: number; cursor?: string }) =>
	take(api.GET('/api/v1/notes/{id}/versions', { params: { path: { id }, query } }));
