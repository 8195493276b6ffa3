import type { components } from '$lib/api/schema';
import type { Node } from '$lib/api/types';

export type NoteVersion = components['schemas']['NoteVersion'];

/** When a version came about, and through whom; null: it is not known, or was the server itself. */
export interface Making {
	at: string;
	by: string | null;
}

/**
 * How the present version came about (`at`: -1), or one of those of before, newest first. Each was made when the
 * one before it was replaced; the first with the note itself. Undefined: the one before is not there.
 */
export function makingOf(node: Pick<Node, 'created_at'>, versions: readonly NoteVersion[], at: number, more: boolean): Making | undefined {
	const before = versions[at + 1];
	if (before) return { at: before.at, by: before.by_title };
	return more ? undefined : { at: node.created_at, by: null };
}
