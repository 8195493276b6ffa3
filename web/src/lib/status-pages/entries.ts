import type { StatusPageEntry } from '$lib/api/types';

/** A system or group in its place; `id` is of what is shown. */
export interface Arranged {
	id: string;
	kind: string;
	title: string;
	/** Empty: its title. */
	label: string;
}

export const arranged = (entries: StatusPageEntry[]): Arranged[] =>
	entries.map(({ target_id, kind, title, label }) => ({ id: target_id, kind, title, label: label ?? '' }));

/** As the server takes them. */
export const entriesOf = (list: Arranged[]) =>
	list.map(({ id, label }) => ({ target_id: id, ...(label.trim() ? { label: label.trim() } : {}) }));

export function sameEntries(a: Arranged[], b: Arranged[]): boolean {
	return JSON.stringify(entriesOf(a)) === JSON.stringify(entriesOf(b));
}
