import type { Place, Spot } from '$lib/boards/order';
import { api, take } from './client';
import type { Intention } from './types';

/** To a place in a column of its board; of two who move it the last decides. */
export const moveCard = (id: string, spot: Spot) =>
	take(api.POST('/api/v1/cards/{id}/move', { params: { path: { id } }, body: spot }));

export const moveColumn = (id: string, place: Place) =>
	take(api.POST('/api/v1/columns/{id}/move', { params: { path: { id } }, body: { place } }));

export interface NewBoard {
	/** Made by the caller, since what is on it names it. */
	id: string;
	parent_id: string;
	title: string;
	body?: string;
	/** The titles of its columns, from the left. */
	columns: string[];
}

/** Makes a board with columns, all at once. */
export function creatingBoard({ id, parent_id, title, body = '', columns }: NewBoard): Intention[] {
	return [
		{ type: 'create_node', kind: 'board', id, parent_id, title, ...(body ? { body } : {}) },
		...columns.map((name): Intention => ({ type: 'create_column', board_id: id, title: name }))
	];
}
