import type { Node } from '$lib/api/types';
import { GraphStore } from '$lib/live/graph.svelte';
import type { LiveEvent } from '$lib/live/connection';
import { nodeOf } from '$lib/live/testing/rows';
import { Moves } from '../moves';
import { arrange, byKey, indexOf, placeAt, type Spot, type Standing } from '../order';
import { between, inOrder } from './keys';

// A server, and those who look at its board, with whatever is between them held back until a test lets it through.

export class Refused extends Error {}

export class Server {
	readonly columns = ['todo', 'doing', 'done'];
	readonly cards = new Map<string, Standing>();
	/** What was done, by whom, in order. */
	readonly log: { viewer: number; id: string; spot: Spot }[] = [];

	/** Longer keys than `key_max_chars` are made anew, with those of the whole column: as on the server, but sooner. */
	constructor(
		count: number,
		private readonly key_max_chars: number
	) {
		inOrder(count).forEach((order_key, at) => {
			const column_id = this.columns[at % this.columns.length] ?? 'todo';
			this.cards.set(`c${at}`, { id: `c${at}`, version: 1, column_id, order_key });
		});
	}

	/** In order, by column. */
	board(): Map<string, string[]> {
		return titles(arrange(this.columns, this.cards.values(), () => null));
	}

	/** Puts it there; answers what changed. Throws when there is no such card. */
	move(viewer: number, id: string, spot: Spot): LiveEvent[] {
		const card = this.cards.get(id);
		if (!card) throw new Refused('no card');
		const there = [...this.cards.values()].filter((one) => one.column_id === spot.column_id && one.id !== id).sort(byKey);
		const at = indexOf(spot.place, there.map((one) => one.id));
		this.log.push({ viewer, id, spot });
		const key = between(there[at - 1]?.order_key ?? null, there[at]?.order_key ?? null);
		if (key.length <= this.key_max_chars) return [this.put({ ...card, column_id: spot.column_id, order_key: key })];
		there.splice(at, 0, { ...card, column_id: spot.column_id });
		const keys = inOrder(there.length);
		return there.map((one, index) => this.put({ ...one, order_key: keys[index] ?? '' }));
	}

	/** Something else about it changed, such as its title. */
	touch(id: string): LiveEvent[] {
		const card = this.cards.get(id);
		return card ? [this.put(card)] : [];
	}

	delete(id: string): LiveEvent[] {
		const card = this.cards.get(id);
		if (!card) return [];
		this.cards.delete(id);
		return [{ op: 'delete', entity: 'node', id, version: card.version + 1 }];
	}

	private put(card: Standing): LiveEvent {
		const next = { ...card, version: card.version + 1 };
		this.cards.set(card.id, next);
		return { op: 'upsert', node: rowOf(next) };
	}
}

interface Request {
	id: string;
	spot: Spot;
	answer(node: Node): void;
	refuse(cause: Error): void;
}

export class Viewer {
	readonly graph = new GraphStore();
	readonly moves: Moves;
	/** Sent, and not yet at the server. */
	readonly requests: Request[] = [];
	/** On their way here, in whatever order they then come. */
	readonly incoming: (() => void)[] = [];
	readonly refused: string[] = [];
	/** What was wished last, of each card. */
	readonly wishes = new Map<string, Spot>();

	constructor(readonly server: Server, readonly number: number) {
		this.graph.wanted('kind:card');
		this.graph.rows('kind:card', { nodes: [...server.cards.values()].map(rowOf) }, this.graph.mark());
		this.moves = new Moves({
			card: (id) => this.card(id),
			send: (id, spot) =>
				new Promise<void>((done, fail) => {
					const answer = (node: Node) => {
						this.graph.answered([{ node }]);
						done();
					};
					this.requests.push({ id, spot, answer, refuse: fail });
				}),
			refused: (id) => this.refused.push(id),
			changed: () => undefined
		});
	}

	card(id: string): Standing | undefined {
		const node = this.graph.nodes.get(id);
		return node ? standingOf(node) : undefined;
	}

	cards(): Standing[] {
		return [...this.graph.nodes.values()].map(standingOf);
	}

	shown(): Map<string, string[]> {
		return titles(arrange(this.server.columns, this.cards(), (card) => this.moves.wishOf(card)));
	}

	/** Moves a card to an index of a column, as it is shown here. */
	wish(id: string, column_id: string, index: number): void {
		const others = (this.shown().get(column_id) ?? []).filter((one) => one !== id);
		const spot = { column_id, place: placeAt(Math.min(index, others.length), others) };
		this.wishes.set(id, spot);
		this.moves.move(id, spot);
	}

	hear(event: LiveEvent): void {
		this.incoming.push(() => this.graph.changes([event]));
	}
}

function titles(shown: Map<string, Standing[]>): Map<string, string[]> {
	return new Map([...shown].map(([column, cards]) => [column, cards.map(({ id }) => id)]));
}

export function rowOf({ id, version, column_id, order_key }: Standing): Node {
	return nodeOf('card', id, version, { card: { column_id, order_key } });
}

function standingOf({ id, version, card }: Node): Standing {
	return { id, version, column_id: card?.column_id ?? '', order_key: card?.order_key ?? '' };
}
