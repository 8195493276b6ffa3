import type { BoardDesk, Slot } from './desk.svelte';

/** A press that goes no further is a click. */
const begins_px = 6;
/** So near to an edge the board scrolls by itself, at most so far per frame. */
const edge_px = 56;
const scroll_px = 14;

interface Held {
	card_id: string;
	pointer_id: number;
	/** Where the card was gripped, from its corner. */
	grip: { x: number; y: number };
	width: number;
}

/**
 * A card that is dragged with a pointer. It stays where it was, dimmed, whoever moves it meanwhile, and a copy
 * follows the pointer; a line shows where it would go. So nothing else on the board moves.
 */
export class Dragging {
	held = $state.raw<Held | null>(null);
	at = $state.raw({ x: 0, y: 0 });
	over = $state.raw<Slot | null>(null);
	private pressed: { held: Held; x: number; y: number } | null = null;
	private frame = 0;
	/** When one was dropped: the click that follows is part of it. */
	private dropped_at = 0;

	constructor(
		private readonly desk: BoardDesk,
		private readonly board: () => HTMLElement | undefined
	) {}

	/** `at_once`: by a handle, which is for nothing else. */
	press(event: PointerEvent, card: HTMLElement, card_id: string, at_once: boolean): void {
		if (event.button !== 0 || this.held || this.pressed) return;
		const box = card.getBoundingClientRect();
		const grip = { x: event.clientX - box.left, y: event.clientY - box.top };
		const held = { card_id, pointer_id: event.pointerId, grip, width: box.width };
		this.pressed = { held, x: event.clientX, y: event.clientY };
		if (at_once) this.begin();
	}

	move(event: PointerEvent): void {
		if (event.pointerId !== (this.held ?? this.pressed?.held)?.pointer_id) return;
		const { x = 0, y = 0 } = this.pressed ?? {};
		if (this.pressed && Math.hypot(event.clientX - x, event.clientY - y) >= begins_px) this.begin();
		if (!this.held) return;
		this.at = { x: event.clientX, y: event.clientY };
		this.look();
	}

	up(event: PointerEvent): void {
		this.pressed = null;
		if (this.held?.pointer_id !== event.pointerId) return;
		this.dropped_at = event.timeStamp;
		this.end(this.over);
	}

	cancel(): void {
		this.pressed = null;
		if (this.held) this.end(null);
	}

	/** Whether a click is the end of a drag. */
	isDrop(event: MouseEvent): boolean {
		return this.dropped_at > 0 && event.timeStamp - this.dropped_at < 50;
	}

	private begin(): void {
		const { held, x, y } = this.pressed ?? {};
		this.pressed = null;
		const slot = held && this.desk.slotOf(held.card_id);
		if (!held || !slot) return;
		this.held = held;
		this.at = { x: x ?? 0, y: y ?? 0 };
		this.over = slot;
		this.desk.hold(held.card_id, slot);
		getSelection()?.removeAllRanges();
		this.frame = requestAnimationFrame(this.scroll);
	}

	private end(slot: Slot | null): void {
		cancelAnimationFrame(this.frame);
		const card_id = this.held?.card_id;
		this.held = null;
		this.over = null;
		if (card_id) this.desk.drop(card_id, slot);
	}

	/** Finds where it would go: the column the pointer is over, or is nearest to. */
	private look(): void {
		const card_id = this.held?.card_id;
		if (!card_id) return;
		const columns = [...(this.board()?.querySelectorAll<HTMLElement>('[data-column]') ?? [])];
		const away = (column: HTMLElement) => {
			const { left, right } = column.getBoundingClientRect();
			return Math.max(left - this.at.x, this.at.x - right, 0);
		};
		const column = columns.reduce<HTMLElement | null>((best, one) => (best && away(best) <= away(one) ? best : one), null);
		const column_id = column?.dataset.column;
		if (!column || !column_id) return;
		const others = [...column.querySelectorAll<HTMLElement>('[data-card]')].filter((one) => one.dataset.card !== card_id);
		const above = others.filter((one) => {
			const { top, height } = one.getBoundingClientRect();
			return top + height / 2 < this.at.y;
		});
		if (this.over?.column_id !== column_id || this.over.index !== above.length) this.over = { column_id, index: above.length };
	}

	private readonly scroll = (): void => {
		const board = this.board();
		if (!this.held || !board) return;
		const column = board.querySelector<HTMLElement>(`[data-column="${this.over?.column_id}"] [data-scroll]`);
		board.scrollLeft += speed(this.at.x, board.getBoundingClientRect(), 'left', 'right');
		if (column) column.scrollTop += speed(this.at.y, column.getBoundingClientRect(), 'top', 'bottom');
		this.look();
		this.frame = requestAnimationFrame(this.scroll);
	};
}

/** How far to scroll now: the nearer to an edge the faster. */
function speed(at: number, box: DOMRect, from: 'left' | 'top', to: 'right' | 'bottom'): number {
	const before = Math.min(1, Math.max(0, (box[from] + edge_px - at) / edge_px));
	const behind = Math.min(1, Math.max(0, (at - box[to] + edge_px) / edge_px));
	return (behind - before) * scroll_px;
}
