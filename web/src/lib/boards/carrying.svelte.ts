import { t } from '$lib/i18n/index.svelte';
import type { BoardDesk, Slot } from './desk.svelte';

const steps: Record<string, { column: number; index: number }> = {
	ArrowUp: { column: 0, index: -1 },
	ArrowDown: { column: 0, index: 1 },
	ArrowLeft: { column: -1, index: 0 },
	ArrowRight: { column: 1, index: 0 }
};

/** A card that is carried about with the keyboard: it is shown where it would be, and is there once it is dropped. */
export class Carrying {
	card_id = $state<string | null>(null);

	constructor(private readonly desk: BoardDesk) {}

	pick(card_id: string): void {
		const slot = this.desk.slotOf(card_id);
		if (!slot) return;
		this.card_id = card_id;
		this.desk.hold(card_id, slot);
		this.desk.tellWhere(card_id, t.boards.picked);
	}

	/** Whether the key was meant for what is carried. */
	key(key: string): boolean {
		if (this.card_id === null) return false;
		const step = steps[key];
		if (step) this.step(step);
		else if (key === ' ' || key === 'Enter') this.drop();
		else if (key === 'Escape' || key === 'Tab') this.putBack();
		return step !== undefined || [' ', 'Enter', 'Escape'].includes(key);
	}

	putBack(): void {
		const card_id = this.card_id;
		if (card_id === null) return;
		this.card_id = null;
		this.desk.drop(card_id, null);
		this.desk.tellWhere(card_id, t.boards.putBack);
	}

	private drop(): void {
		const card_id = this.card_id;
		const slot = card_id && this.desk.slotOf(card_id);
		this.card_id = null;
		// It was deleted while it was carried.
		if (!card_id || !slot) return this.desk.moves.letGo();
		this.desk.drop(card_id, slot);
		this.desk.tellWhere(card_id, t.boards.dropped);
	}

	private step({ column, index }: { column: number; index: number }): void {
		const card_id = this.card_id;
		const from = card_id && this.desk.slotOf(card_id);
		if (!card_id || !from) return;
		const to = column === 0 ? this.within(card_id, from, index) : this.beside(card_id, from, column);
		if (!to) return;
		this.desk.hold(card_id, to);
		this.desk.tellWhere(card_id, t.boards.carried);
	}

	private within(card_id: string, { column_id, index }: Slot, by: number): Slot | null {
		const to = index + by;
		return to >= 0 && to <= this.desk.others(column_id, card_id).length ? { column_id, index: to } : null;
	}

	private beside(card_id: string, { column_id, index }: Slot, by: number): Slot | null {
		const at = this.desk.columns.findIndex(({ id }) => id === column_id);
		const next = this.desk.columns[at + by];
		if (at < 0 || !next) return null;
		return { column_id: next.id, index: Math.min(index, this.desk.others(next.id, card_id).length) };
	}
}
