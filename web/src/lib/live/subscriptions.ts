import type { Edge, Node } from '$lib/api/types';
import type { Handlers, Topic } from './connection';

export interface Subscription {
	/** Its name on the socket. */
	readonly id: string;
	readonly topic: Topic;
	readonly handlers: Set<Handlers>;
	/** The first rows are in the sink. */
	ready: boolean;
	/** Where the stream can be continued; null: from the first rows. */
	token: string | null;
	/** The sink's mark when the rows were asked for. */
	mark: number;
	/** The first rows received so far, while there are more to come. */
	partial: { nodes: Node[]; edges: Edge[] } | null;
}

/** Who wants what: one subscription per topic, however many ask for it. */
export class Subscriptions {
	private readonly byTopic = new Map<Topic, Subscription>();
	private readonly byId = new Map<string, Subscription>();
	private next = 1;

	constructor(
		private readonly opened: (subscription: Subscription) => void,
		private readonly closed: (subscription: Subscription) => void
	) {}

	add(topic: Topic, handlers: Handlers): () => void {
		let subscription = this.byTopic.get(topic);
		if (subscription) {
			subscription.handlers.add(handlers);
			if (subscription.ready) handlers.ready?.();
		} else {
			subscription = this.make(topic);
			subscription.handlers.add(handlers);
			this.opened(subscription);
		}
		const held = subscription;
		return () => {
			if (!held.handlers.delete(handlers) || held.handlers.size > 0) return;
			this.byTopic.delete(topic);
			this.byId.delete(held.id);
			this.closed(held);
		};
	}

	get(id: string): Subscription | undefined {
		return this.byId.get(id);
	}

	all(): Subscription[] {
		return [...this.byTopic.values()];
	}

	/** Every subscription begins from its first rows again. */
	reset(): void {
		for (const subscription of this.byTopic.values()) {
			subscription.ready = false;
			subscription.token = null;
		}
	}

	private make(topic: Topic): Subscription {
		const id = `s${this.next++}`;
		const subscription: Subscription = {
			id,
			topic,
			handlers: new Set<Handlers>(),
			ready: false,
			token: null,
			mark: 0,
			partial: null
		};
		this.byTopic.set(topic, subscription);
		this.byId.set(id, subscription);
		return subscription;
	}
}

export function tellReady({ handlers }: Subscription): void {
	for (const { ready } of [...handlers]) ready?.();
}
