import { intend } from '$lib/api/calls';
import { asApiError, type ApiError } from '$lib/api/problem';
import type { Intention, IntentionResult } from '$lib/api/types';
import { uuid7 } from '$lib/uuid7';
import { graph } from './app.svelte';

/**
 * Something a person does with a button: busy while it runs, its refusal kept
 * to be shown. A write whose answer got lost is tried again under the same
 * key, so that it is carried out at most once.
 */
export class Act {
	busy = $state(false);
	error = $state.raw<ApiError | null>(null);
	private last: { body: string; key: string } | null = null;

	/** What the call answers, or null when it was refused (see `error`). */
	async run<T>(call: () => Promise<T>): Promise<{ value: T } | null> {
		if (this.busy) return null;
		this.busy = true;
		this.error = null;
		try {
			return { value: await call() };
		} catch (cause) {
			this.error = asApiError(cause);
			return null;
		} finally {
			this.busy = false;
		}
	}

	/** Carries out intentions; what they answer goes into the graph like any event. */
	async intend(...intentions: Intention[]): Promise<IntentionResult[] | null> {
		const done = await this.run(async () => {
			const body = JSON.stringify(intentions);
			if (this.last?.body !== body) this.last = { body, key: uuid7() };
			try {
				const results = await intend(intentions, this.last.key);
				this.last = null;
				return results;
			} catch (cause) {
				if (asApiError(cause).code !== 'network') this.last = null;
				throw cause;
			}
		});
		if (done) graph.answered(done.value);
		return done?.value ?? null;
	}
}
