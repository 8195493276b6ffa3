import { search } from '$lib/api/catalog';
import type { NodeKind } from '$lib/api/types';

export interface Suggestion {
	id: string;
	title: string;
	kind: NodeKind;
	hint: string | null;
}

/** So long after the last key what was typed is asked for (ms). */
const pause_ms = 120;
const shown_max = 8;
const asked_for = 20;

/** Messages have no names of their own, and Synops itself is nobody's to call. */
const nameless: readonly NodeKind[] = ['message', 'instance'];
/** Whoever types an `@` mostly means somebody, or else something with a state. */
const meant: readonly (readonly NodeKind[])[] = [
	['person', 'team'],
	['system', 'incident', 'maintenance']
];

/** What is mostly meant first, else in the order in which it was found. */
export function suggestionsOf(found: readonly Suggestion[]): Suggestion[] {
	const rank = ({ kind }: Suggestion) => {
		const place = meant.findIndex((kinds) => kinds.includes(kind));
		return place < 0 ? meant.length : place;
	};
	return found
		.filter(({ kind }) => !nameless.includes(kind))
		.sort((a, b) => rank(a) - rank(b))
		.slice(0, shown_max);
}

/** Finds what an `@` may stand for. */
export class MentionFinder {
	found = $state.raw<Suggestion[]>([]);

	/** For an effect: asks soon, and gives up when called off. Without a word those `near` are offered. */
	ask(q: string, near: readonly Suggestion[]): () => void {
		const abort = new AbortController();
		if (!q.trim()) this.found = suggestionsOf(near);
		const timer = q.trim() ? setTimeout(() => void this.find(q, abort.signal), pause_ms) : undefined;
		return () => {
			clearTimeout(timer);
			abort.abort();
		};
	}

	clear(): void {
		this.found = [];
	}

	private async find(q: string, signal: AbortSignal): Promise<void> {
		try {
			const { items } = await search({ q, limit: asked_for }, signal);
			if (signal.aborted) return;
			this.found = suggestionsOf(items.map(({ id, title, kind, parent_title }) => ({ id, title, kind, hint: parent_title })));
		} catch {
			// Without an answer nothing is offered: what is typed stays a word like any other.
			if (!signal.aborted) this.found = [];
		}
	}
}
