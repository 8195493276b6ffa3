import { asApiError, type ApiError } from '$lib/api/problem';
import type { IntentionResult } from '$lib/api/types';
import { intend } from '$lib/api/calls';
import { uuid7 } from '$lib/uuid7';
import { graph } from '$lib/state/app.svelte';

/** So many may wait at once. */
export const adding_max = 50;
/** Its event is here by then, or somebody has deleted it already. */
const settles_ms = 10_000;

interface Added {
	id: string;
	title: string;
}

/** Cards that are being added to the end of a column, one after the other, so that they come in order. */
export class Adding {
	private waiting = $state.raw<Added[]>([]);
	/** The first of them was refused; with the others it waits for another try. */
	error = $state.raw<ApiError | null>(null);
	busy = $state(false);
	/** What the graph does not have yet. */
	readonly items = $derived(this.waiting.filter(({ id }) => !graph.nodes.has(id)));
	private readonly done = new Set<string>();

	constructor(private readonly column_id: () => string) {}

	/** Answers those for which there is no room now. */
	add(titles: string[]): string[] {
		const room = Math.max(0, adding_max - this.waiting.length);
		this.waiting = [...this.waiting, ...titles.slice(0, room).map((title) => ({ id: uuid7(), title }))];
		void this.go();
		return titles.slice(room);
	}

	async go(): Promise<void> {
		if (this.busy) return;
		this.busy = true;
		this.error = null;
		try {
			for (let next = this.next(); next; next = this.next()) await this.send(next);
		} catch (cause) {
			this.error = asApiError(cause);
		} finally {
			this.busy = false;
		}
	}

	/** Gives up what was not added; answers their titles, a line each, before what is being typed. */
	takeBack(typed: string): string {
		const left = this.waiting.filter(({ id }) => !this.done.has(id));
		this.waiting = this.waiting.filter(({ id }) => this.done.has(id));
		this.error = null;
		return [...left.map(({ title }) => title), typed].filter((text) => text.trim()).join('\n');
	}

	private next(): Added | undefined {
		return this.waiting.find(({ id }) => !this.done.has(id));
	}

	/** Under the card's own id as the key: a repeat after a lost answer makes no second one. */
	private async send({ id, title }: Added): Promise<IntentionResult[]> {
		const results = await intend([{ type: 'create_card', id, column_id: this.column_id(), title }], id);
		this.done.add(id);
		setTimeout(() => {
			this.waiting = this.waiting.filter((one) => one.id !== id);
			this.done.delete(id);
		}, settles_ms);
		return results;
	}
}
