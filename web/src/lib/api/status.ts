import { api, take } from './client';

// What others see of some systems.

export const listEntries = (id: string) =>
	take(api.GET('/api/v1/status-pages/{id}/entries', { params: { path: { id } } }));
