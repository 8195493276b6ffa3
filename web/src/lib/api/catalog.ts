import { api, take } from './client';

// Calls of the catalog, of what is going on, and of the search.

interface Paged {
	limit?: number;
	cursor?: string;
}

/** How these are, and why, as far as they may be seen. Needs no signing in. */
export const getStates = (ids: string[], signal?: AbortSignal) =>
	take(api.POST('/api/v1/systems/states', { body: { ids }, signal }));

export const listSystems = (
	query: { q?: string; state?: string; environment_id?: string; parent_id?: string } & Paged,
	signal?: AbortSignal
) => take(api.GET('/api/v1/systems', { params: { query }, signal }));

export const listViewed = (id: string, query: Paged, signal?: AbortSignal) =>
	take(api.GET('/api/v1/views/{id}/systems', { params: { path: { id }, query }, signal }));

/** What is linked to a node, from one side. */
export const listEdges = (
	id: string,
	query: { kind?: 'runs_in' | 'contact_of' | 'depends_on'; direction?: 'in' | 'out' } & Paged
) => take(api.GET('/api/v1/nodes/{id}/edges', { params: { path: { id }, query } }));

/** Things that have people and mailboxes to be asked about them. */
export type Asked = 'systems' | 'groups';

/** A mailbox, with its address. */
export const getMailbox = (id: string) => take(api.GET('/api/v1/contacts/{id}', { params: { path: { id } } }));

export const listContacts = (of: Asked, id: string, query: Paged) =>
	of === 'systems'
		? take(api.GET('/api/v1/systems/{id}/contacts', { params: { path: { id }, query } }))
		: take(api.GET('/api/v1/groups/{id}/contacts', { params: { path: { id }, query } }));

export const listOpenIncidents = (query: { system_id?: string } & Paged) =>
	take(api.GET('/api/v1/incidents', { params: { query: { ...query, open: true } } }));

export const incidentsBySystems = (system_ids: string[]) =>
	take(api.POST('/api/v1/incidents/by-systems', { body: { system_ids, open: true } }));

/** What affects these and is not over: under way, or ahead. */
export const maintenancesBySystems = (system_ids: string[], which: { active?: boolean; upcoming?: boolean } = {}) =>
	take(api.POST('/api/v1/maintenances/by-systems', { body: { system_ids, ...which } }));

export const search = (query: { q: string; kind?: string } & Paged, signal?: AbortSignal) =>
	take(api.GET('/api/v1/search', { params: { query }, signal }));

