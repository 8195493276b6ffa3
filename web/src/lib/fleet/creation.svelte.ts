import type { Node } from '$lib/api/types';
import { Act } from '$lib/state/act.svelte';
import { graph } from '$lib/state/app.svelte';
import { uuid7 } from '$lib/uuid7';

/** Makes something with a button; one whose answer got lost is asked for again under the same key, and made once. */
export class Creation<T> {
	readonly act = new Act();
	private last: { body: string; key: string } | null = null;

	constructor(private readonly create: (body: T, key: string) => Promise<Node>) {}

	async run(body: T): Promise<Node | null> {
		const text = JSON.stringify(body);
		if (this.last?.body !== text) this.last = { body: text, key: uuid7() };
		const { key } = this.last;
		const done = await this.act.run(() => this.create(body, key));
		if (done || this.act.error?.code !== 'network') this.last = null;
		if (done) graph.answered([{ node: done.value }]);
		return done?.value ?? null;
	}
}
