import { api, take } from './client';

/** What people are told things about, with updates. */
export type Told = 'incident' | 'maintenance';

interface Paged {
	limit?: number;
	cursor?: string;
}

export const listUpdates = async (of: Told, id: string, query: Paged) => {
	const params = { path: { id }, query };
	return of === 'incident'
		? take(api.GET('/api/v1/incidents/{id}/updates', { params }))
		: take(api.GET('/api/v1/maintenances/{id}/updates', { params }));
};

export const listUpdateEdits = async (of: Told, id: string, update_id: string, query: Paged) => {
	const params = { path: { id, update_id }, query };
	return of === 'incident'
		? take(api.GET('/api/v1/incidents/{id}/updates/{update_id}/edits', { params }))
		: take(api.GET('/api/v1/maintenances/{id}/updates/{update_id}/edits', { params }));
};
