import type { Spot, Standing, Wish } from './order';

/** What moves are made with. */
export interface Ways {
	/** The card as it is known now. */
	card(id: string): Standing | undefined;
	/** Asks the server; done when its answer is among what is known. */
	send(id: string, spot: Spot): Promise<void>;
	/** It was refused, and is not wished for any more. */
	refused(id: string, cause: unknown): void;
	/** What is shown may be another now. */
	changed(): void;
}

interface Sent extends Wish {
	/** How the card stood when the wish was sent. */
	from: Standing;
}

/**
 * Cards that were moved here and that the server has not answered of. Each is shown where it is wished, until
 * what is known of it says otherwise: a newer version that stands elsewhere than the card did when the wish was
 * sent, whoever put it there; or the answer. A newer version in the same place (its title was changed, say)
 * knows nothing of the move yet.
 *
 * The moves of one card are sent one after the other, and of those that wait only the last.
 */
export class Moves {
	private readonly sent = new Map<string, Sent>();
	/** At most one for each that is under way. */
	private readonly waiting = new Map<string, Wish>();
	/** What somebody has in hand, shown where they hold it whatever becomes of it meanwhile. */
	private held: { id: string; wish: Wish } | null = null;
	private turn = 0;

	constructor(private readonly ways: Ways) {}

	/** Cards that are on their way. */
	get open(): number {
		return this.sent.size;
	}

	move(id: string, { column_id, place }: Spot): void {
		const wish = { column_id, place, turn: ++this.turn };
		if (this.sent.has(id)) this.waiting.set(id, wish);
		else void this.send(id, wish);
		this.ways.changed();
	}

	hold(id: string, { column_id, place }: Spot): void {
		this.held = { id, wish: { column_id, place, turn: Infinity } };
		this.ways.changed();
	}

	letGo(): void {
		this.held = null;
		this.ways.changed();
	}

	/** Where it is to be shown, if not where it stands. */
	wishOf(card: Standing): Wish | null {
		if (this.held?.id === card.id) return this.held.wish;
		const waiting = this.waiting.get(card.id);
		if (waiting) return waiting;
		const sent = this.sent.get(card.id);
		return sent && !isElsewhere(card, sent.from) ? sent : null;
	}

	private async send(id: string, wish: Wish): Promise<void> {
		for (let next: Wish | undefined = wish; next; next = this.take(id)) {
			const from = this.ways.card(id);
			if (!from) break; // it was deleted
			this.sent.set(id, { ...next, from });
			try {
				await this.ways.send(id, { column_id: next.column_id, place: next.place });
			} catch (cause) {
				// What is wished instead by now tells by itself how it went.
				if (!this.waiting.has(id)) this.ways.refused(id, cause);
			}
		}
		this.sent.delete(id);
		this.waiting.delete(id);
		this.ways.changed();
	}

	private take(id: string): Wish | undefined {
		const wish = this.waiting.get(id);
		this.waiting.delete(id);
		return wish;
	}
}

function isElsewhere(card: Standing, from: Standing): boolean {
	return card.version > from.version && (card.column_id !== from.column_id || card.order_key !== from.order_key);
}
