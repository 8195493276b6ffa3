import { changeSubscription, listSubscriptions, subscribe, unsubscribe } from '$lib/api/messages';
import type { NewSubscription, Subscription } from '$lib/api/types';
import { Load } from '$lib/state/load.svelte';
import { page_limit } from '$lib/state/pages.svelte';

/** What the viewer subscribes to. There are no more than fit one page. */
class Watches {
	readonly load = new Load(async () => (await listSubscriptions({ limit: page_limit })).items);

	get items(): Subscription[] {
		return this.load.value ?? [];
	}

	/** Another one, or the one there is, of these kinds: there is one for each target and connection. */
	async set(before: Subscription | null, next: NewSubscription): Promise<void> {
		try {
			if (before) await changeSubscription(before.id, next.kinds ?? []);
			else await subscribe(next);
		} finally {
			await this.load.run();
		}
	}

	async end(id: string): Promise<void> {
		try {
			await unsubscribe(id);
		} finally {
			await this.load.run();
		}
	}
}

export const watches = new Watches();
