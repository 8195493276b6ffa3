import { untrack } from 'svelte';
import { asApiError, type ApiError } from '$lib/api/problem';

export interface Page<T> {
	items: T[];
	next_cursor: string | null;
}
export interface PageQuery {
	limit: number;
	cursor?: string;
}

/** The server hands out so many at once. */
export const page_limit = 200;

/** A list that is read in pages. Read anew it stays as long as it was, so that nothing shown goes away. */
export class Pages<T> {
	items = $state.raw<T[] | null>(null);
	error = $state.raw<ApiError | null>(null);
	busy = $state(false);
	private next = $state.raw<string | null>(null);
	private turn = 0;

	constructor(
		private readonly read: (query: PageQuery) => Promise<Page<T>>,
		private readonly page = 50
	) {}

	/** There are more than are shown. */
	get more(): boolean {
		return this.next !== null;
	}

	/** Reads again all that is shown. */
	run(): Promise<void> {
		return this.readTo(Math.max(this.page, this.shown()));
	}

	/** Shows a page more. */
	grow(): Promise<void> {
		return this.readTo(this.shown() + this.page);
	}

	/** Another list than before, such as after a change of a filter: from its beginning. */
	restart(): Promise<void> {
		return this.readTo(this.page);
	}

	/** An effect that has it read does not depend on it: each answer would have it read again. */
	private shown(): number {
		return untrack(() => this.items?.length ?? 0);
	}

	private async readTo(length: number): Promise<void> {
		const turn = ++this.turn;
		this.busy = true;
		try {
			const items: T[] = [];
			let next: string | null = null;
			do {
				const limit = Math.min(page_limit, length - items.length);
				const page: Page<T> = await this.read({ limit, ...(next ? { cursor: next } : {}) });
				if (turn !== this.turn) return; // a later read is under way
				items.push(...page.items);
				next = page.next_cursor;
			} while (next !== null && items.length < length);
			this.items = items;
			this.next = next;
			this.error = null;
		} catch (cause) {
			if (turn === this.turn) this.error = asApiError(cause);
		} finally {
			if (turn === this.turn) this.busy = false;
		}
	}
}
