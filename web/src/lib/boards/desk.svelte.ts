import { untrack } from 'svelte';
import { toast } from 'svelte-sonner';
import { moveCard } from '$lib/api/boards';
import { asApiError } from '$lib/api/problem';
import { t } from '$lib/i18n/index.svelte';
import { graph } from '$lib/state/app.svelte';
import { inOrder, isCard, isColumn, placed, type CardNode, type Placed } from './boards';
import { Moves } from './moves';
import { arrange, placeAt } from './order';

/** Where a card is among the others of a column: at the index that it has without itself counted. */
export interface Slot {
	column_id: string;
	index: number;
}

/** One board as it is worked at: what is on it comes from the graph, but for cards that are on their way. */
export class BoardDesk {
	readonly moves: Moves;
	/** Rises whenever a move begins or ends. */
	private moved = $state(0);
	/** What is read out: a move by keyboard says how it goes. */
	told = $state('');
	/** Whose menu is open, and where it stands. */
	menu = $state.raw<{ card: CardNode; by: HTMLElement } | null>(null);
	/** Of which card somebody says where it is to go. */
	moving = $state.raw<CardNode | null>(null);
	deleting = $state.raw<CardNode | null>(null);

	private readonly parts = $derived.by(() => {
		// One sign for all of them: each has one of its own, too.
		void graph.stirred;
		return untrack(() => [...graph.nodes.values()].filter((node) => node.parent_id === this.id));
	});
	readonly columns = $derived(inOrder(this.parts.filter(isColumn)));
	private readonly shown = $derived.by(() => {
		void this.moved;
		const cards = this.parts.filter(isCard).map(placed);
		return arrange<Placed>(this.columns.map(({ id }) => id), cards, (card) => this.moves.wishOf(card));
	});

	constructor(readonly id: string) {
		this.moves = new Moves({
			card: (card_id) => {
				const node = graph.nodes.get(card_id);
				return node && isCard(node) ? placed(node) : undefined;
			},
			send: async (card_id, spot) => graph.answered([{ node: await moveCard(card_id, spot) }]),
			refused: (card_id, cause) => this.refused(card_id, cause),
			changed: () => untrack(() => this.moved++)
		});
	}

	/** The cards of a column, in order. */
	cardsOf(column_id: string): CardNode[] {
		return (this.shown.get(column_id) ?? []).map(({ node }) => node);
	}

	/** Where a card is shown. */
	slotOf(card_id: string): Slot | null {
		for (const [column_id, cards] of this.shown) {
			const index = cards.findIndex(({ id }) => id === card_id);
			if (index >= 0) return { column_id, index };
		}
		return null;
	}

	/** Those of a column but this one. */
	others(column_id: string, card_id: string): string[] {
		return (this.shown.get(column_id) ?? []).map(({ id }) => id).filter((id) => id !== card_id);
	}

	/** Holds it there, in hand. */
	hold(card_id: string, { column_id, index }: Slot): void {
		this.moves.hold(card_id, { column_id, place: placeAt(index, this.others(column_id, card_id)) });
	}

	/** Lets go of what is in hand: it is there, or (without a slot) where it was. Answers whether it moved. */
	drop(card_id: string, slot: Slot | null): boolean {
		const spot = slot && { column_id: slot.column_id, place: placeAt(slot.index, this.others(slot.column_id, card_id)) };
		this.moves.letGo();
		const now = this.slotOf(card_id);
		if (!spot || !now || (now.column_id === slot.column_id && now.index === slot.index)) return false;
		this.moves.move(card_id, spot);
		return true;
	}

	/** Says where a card is now. */
	tellWhere(card_id: string, say: (title: string, column: string, at: number, of: number) => string): void {
		const slot = this.slotOf(card_id);
		const column = this.columns.find(({ id }) => id === slot?.column_id);
		const title = graph.nodes.get(card_id)?.title;
		if (!slot || !column || !title) return;
		this.told = say(title, column.title, slot.index + 1, this.cardsOf(column.id).length);
	}

	private refused(card_id: string, cause: unknown): void {
		const { code, detail } = asApiError(cause);
		const known: unknown = t.problem[code as 'invalid'];
		const description = typeof known === 'string' ? known : (detail ?? t.problem.invalid);
		toast.error(t.boards.notMoved(graph.nodes.get(card_id)?.title ?? t.kind.card), { description });
	}
}
