import { api, take } from './client';

export const listIncidents = (query: {
	state?: string;
	severity?: string;
	system_id?: string;
	open?: boolean;
	/** Beginnings of words of title or text. */
	q?: string;
	cursor?: string;
	limit?: number;
}) => take(api.GET('/api/v1/incidents', { params: { query } }));
