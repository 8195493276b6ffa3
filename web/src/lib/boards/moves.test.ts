import { describe, expect, it } from 'vitest';
import { Moves } from './moves';
import { arrange, byKey, indexOf, placeAt, type Standing } from './order';
import { between } from './testing/keys';
import { Server, Viewer } from './testing/model';

const cards_max = 6;
const viewers_max = 3;
const steps_max = 40;
const rounds_max = 1_000;

function seeded(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
		return state / 2_147_483_648;
	};
}

/** One board that several move cards on, while everything on the wire comes late, twice, and in any order. */
class Run {
	private readonly random: () => number;
	private readonly server: Server;
	private readonly viewers: Viewer[];
	/** Each card is moved by one viewer alone, and nothing goes wrong: where it was put last it stays in sight. */
	private readonly owned: boolean;

	constructor(seed: number) {
		this.random = seeded(seed);
		for (let n = 0; n < 8; n++) this.random(); // neighbouring seeds begin alike
		this.owned = this.random() < 0.3;
		this.server = new Server(2 + this.below(cards_max - 1), this.owned ? 1_000 : 4);
		this.viewers = Array.from({ length: 2 + this.below(viewers_max - 1) }, (_, number) => new Viewer(this.server, number));
	}

	async play(): Promise<void> {
		for (let step = this.below(steps_max); step >= 0; step--) {
			this.act();
			await settled();
			if (this.owned) this.expectStill();
		}
		await this.deliverAll();
		this.expectSame();
	}

	private act(): void {
		const viewer = this.one(this.viewers);
		const turn = this.random();
		if (turn < 0.3) this.wish(viewer);
		else if (turn < 0.6) this.toServer(viewer);
		else if (turn < 0.93) this.toViewer(viewer);
		else if (turn < 0.98 || this.owned) this.tell(this.server.touch(this.card()));
		else this.tell(this.server.delete(this.card()));
	}

	private wish(viewer: Viewer): void {
		const id = this.card();
		if (this.owned && Number(id.slice(1)) % this.viewers.length !== viewer.number) return;
		if (!viewer.card(id)) return;
		const column = this.one(this.server.columns);
		viewer.wish(id, column, this.below(4));
		expect(viewer.shown().get(column), 'shown at once').toContain(id);
	}

	private toServer(viewer: Viewer): void {
		const request = viewer.requests.splice(this.below(viewer.requests.length), 1)[0];
		if (!request) return;
		const { id, spot, answer, refuse } = request;
		const luck = this.owned ? 1 : this.random();
		if (luck < 0.08) {
			viewer.incoming.push(() => refuse(new Error('refused')));
			return;
		}
		try {
			const events = this.server.move(viewer.number, id, spot);
			this.tell(events);
			const own = events.find((event) => event.op === 'upsert' && event.node?.id === id);
			const node = own?.op === 'upsert' ? own.node : undefined;
			if (luck < 0.14 || !node) viewer.incoming.push(() => refuse(new Error('the answer got lost')));
			else viewer.incoming.push(() => answer(node));
		} catch (cause) {
			viewer.incoming.push(() => refuse(cause as Error));
		}
	}

	private toViewer(viewer: Viewer): void {
		viewer.incoming.splice(this.below(viewer.incoming.length), 1)[0]?.();
	}

	private tell(events: ReturnType<Server['touch']>): void {
		for (const viewer of this.viewers) {
			for (const event of events) {
				viewer.hear(event);
				if (this.random() < 0.2) viewer.hear(event);
			}
		}
	}

	private async deliverAll(): Promise<void> {
		const busy = ({ requests, incoming, moves }: Viewer) => requests.length + incoming.length + moves.open > 0;
		for (let round = 0; this.viewers.some(busy); round++) {
			expect(round, 'something stays open for ever').toBeLessThan(rounds_max);
			for (const viewer of this.viewers) {
				this.toServer(viewer);
				this.toViewer(viewer);
			}
			await settled();
			if (this.owned) this.expectStill();
		}
	}

	private expectStill(): void {
		for (const viewer of this.viewers) {
			const shown = viewer.shown();
			for (const [id, { column_id }] of viewer.wishes) expect(shown.get(column_id), `${id} jumped`).toContain(id);
		}
	}

	private expectSame(): void {
		for (const viewer of this.viewers) {
			expect(Object.fromEntries(viewer.shown()), `viewer ${viewer.number}`).toEqual(Object.fromEntries(this.server.board()));
			for (const [id, spot] of viewer.wishes) {
				if (viewer.refused.includes(id) || !this.server.cards.has(id)) continue;
				const last = this.server.log.findLast((done) => done.viewer === viewer.number && done.id === id);
				expect(last?.spot, `the last wish of viewer ${viewer.number} for ${id}`).toEqual(spot);
			}
		}
	}

	private below(count: number): number {
		return Math.floor(this.random() * count);
	}

	private one<T>(all: readonly T[]): T {
		return all[this.below(all.length)] as T;
	}

	private card(): string {
		return `c${this.below(cards_max)}`;
	}
}

/** What an answer sets off is done. */
async function settled(): Promise<void> {
	for (let n = 0; n < 4; n++) await Promise.resolve();
}

describe('moves', () => {
	it('end the same for all, however they come', { timeout: 120_000 }, async () => {
		const first = Number(process.env.SYNOPS_TEST_SEED ?? 1);
		const runs = process.env.SYNOPS_TEST_SEED ? 1 : 10_000;
		for (let seed = first; seed < first + runs; seed++) {
			try {
				await new Run(seed).play();
			} catch (cause) {
				throw new Error(`with SYNOPS_TEST_SEED=${seed}: ${(cause as Error).message}`, { cause });
			}
		}
	});

	const standing = (version: number, column_id: string, order_key: string): Standing => ({ id: 'a', version, column_id, order_key });

	function rig() {
		let card = standing(3, 'todo', '5');
		const ends: { done: () => void; fail: (cause: Error) => void }[] = [];
		const sent: string[] = [];
		const refused: unknown[] = [];
		const moves = new Moves({
			card: () => card,
			send: (_, spot) => {
				sent.push(spot.column_id);
				return new Promise((done, fail) => ends.push({ done, fail }));
			},
			refused: (_, cause) => refused.push(cause),
			changed: () => undefined
		});
		const column = () => moves.wishOf(card)?.column_id ?? card.column_id;
		const know = (next: Standing) => (card = next);
		return { moves, ends, sent, refused, column, know };
	}
	const to = (column_id: string) => ({ column_id, place: {} });

	it('show a card where it is wished until something newer says where it is', () => {
		const { moves, column, know } = rig();
		moves.move('a', to('done'));
		expect(column()).toBe('done');
		know(standing(4, 'todo', '5'));
		expect(column(), 'its title was changed').toBe('done');
		know(standing(5, 'doing', '5'));
		expect(column(), 'somebody else moved it').toBe('doing');
	});

	it('put a card back that was refused, and say so', async () => {
		const { moves, ends, refused, column } = rig();
		moves.move('a', to('done'));
		ends[0]?.fail(new Error('no'));
		await settled();
		expect([column(), refused.length, moves.open]).toEqual(['todo', 1, 0]);
	});

	it('of one card are sent one after the other, of those that wait the last', async () => {
		const { moves, ends, sent, column, know } = rig();
		for (const place of ['doing', 'done', 'todo', 'done']) moves.move('a', to(place));
		expect([sent, column()]).toEqual([['doing'], 'done']);
		know(standing(4, 'doing', '5'));
		expect(column(), 'the first is known of').toBe('done');
		ends[0]?.done();
		await settled();
		expect([sent, column()]).toEqual([['doing', 'done'], 'done']);
		ends[1]?.done();
		await settled();
		expect(moves.open).toBe(0);
	});

	it('leave in hand what somebody else moves', () => {
		const { moves, column, know } = rig();
		moves.hold('a', to('todo'));
		know(standing(9, 'done', '5'));
		expect(column()).toBe('todo');
		moves.letGo();
		expect(column()).toBe('done');
	});
});

describe('order', () => {
	it('is by key, byte by byte, then by id', () => {
		const rows = [['b', '81'], ['a', '81'], ['c', '8'], ['d', '7fff'], ['e', '80']].map(([id, order_key]) => ({ id: id ?? '', order_key: order_key ?? '' }));
		expect([...rows].sort(byKey).map(({ id }) => id).join('')).toBe('dceab');
	});

	it.each([
		[{ after_id: 'a' }, 1],
		[{ after_id: 'c' }, 3],
		[{ before_id: 'a' }, 0],
		[{ after_id: 'a', before_id: 'c' }, 1],
		[{ after_id: 'x', before_id: 'b' }, 1],
		[{ after_id: 'x', before_id: 'y' }, 3],
		[{}, 3]
	])('%j is found as by the server', (place, at) => expect(indexOf(place, ['a', 'b', 'c'])).toBe(at));

	it.each([
		[0, { before_id: 'a' }],
		[1, { after_id: 'a', before_id: 'b' }],
		[2, { after_id: 'b' }]
	])('at %i both neighbours are named', (at, place) => expect(placeAt(at, ['a', 'b'])).toEqual(place));

	it('has none of what is in a column that is not there', () => {
		const card = { id: 'a', version: 1, column_id: 'gone', order_key: '5' };
		expect([...arrange(['todo'], [card], () => null).values()]).toEqual([[]]);
	});

	it('always has room in the model of these tests', () => {
		const random = seeded(5);
		const keys: string[] = [];
		for (let n = 0; n < 500; n++) {
			const at = Math.floor(random() * (keys.length + 1));
			keys.splice(at, 0, between(keys[at - 1] ?? null, keys[at] ?? null));
		}
		expect([...keys].sort()).toEqual(keys);
		expect(new Set(keys).size).toBe(500);
	});
});
