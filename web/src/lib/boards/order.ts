import type { components } from '$lib/api/schema';

type Schemas = components['schemas'];

/** Among which neighbours something is put: wishes, for they may have gone elsewhere when the server gets to it. */
export type Place = Schemas['Place'];

/** A column, and where in it. */
export interface Spot {
	column_id: string;
	place: Place;
}

/** Where a card stands, as far as its order goes. */
export interface Standing {
	id: string;
	version: number;
	column_id: string;
	order_key: string;
}

/** Keys are ASCII, so that letters compare as their bytes do. */
export function byKey(a: { id: string; order_key: string }, b: { id: string; order_key: string }): number {
	if (a.order_key !== b.order_key) return a.order_key < b.order_key ? -1 : 1;
	return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/** Where a place is among these, as the server finds it (domain/src/board.rs). */
export function indexOf(place: Place, ids: readonly string[]): number {
	const after = place.after_id ? ids.indexOf(place.after_id) : -1;
	if (after >= 0) return after + 1;
	const before = place.before_id ? ids.indexOf(place.before_id) : -1;
	return before >= 0 ? before : ids.length;
}

/** The place at an index among these. Both neighbours are named, for one of them may be gone by then. */
export function placeAt(index: number, ids: readonly string[]): Place {
	const after_id = ids[index - 1];
	const before_id = ids[index];
	return { ...(after_id ? { after_id } : {}), ...(before_id ? { before_id } : {}) };
}

/** Where somebody wants a card to be; of two wishes the one of the later turn was made after the other. */
export interface Wish extends Spot {
	turn: number;
}

/**
 * The cards of each column in order: as the server has them, but for those that are wished elsewhere. These
 * come in the order of their wishes, since each was made looking at the ones before.
 */
export function arrange<T extends Standing>(
	columns: readonly string[],
	cards: Iterable<T>,
	wishOf: (card: T) => Wish | null
): Map<string, T[]> {
	const shown = new Map<string, T[]>(columns.map((id) => [id, []]));
	const wished: { card: T; wish: Wish }[] = [];
	for (const card of [...cards].sort(byKey)) {
		const wish = wishOf(card);
		if (wish && shown.has(wish.column_id)) wished.push({ card, wish });
		else shown.get(card.column_id)?.push(card);
	}
	wished.sort((a, b) => a.wish.turn - b.wish.turn);
	for (const { card, wish } of wished) {
		const column = shown.get(wish.column_id) ?? [];
		column.splice(indexOf(wish.place, column.map(({ id }) => id)), 0, card);
	}
	return shown;
}
