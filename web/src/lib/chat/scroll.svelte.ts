import { firstBelow, inWindow, isAtEnd, leftBelow, nearEnds } from './anchor';

/** A row that was brought into view is kept there while what is around it finds its size (ms). */
const hold_ms = 600;
const by_hand = ['wheel', 'touchstart', 'pointerdown', 'keydown'] as const;
const page_moves = ['scroll', 'resize'] as const;

/**
 * Keeps what is being read where it is. Browsers do so by themselves in part and each in its own way, so
 * theirs is off: the distance of one row to the top of the view is measured, and kept whatever comes in
 * above or below. Only who is at the end is taken along.
 */
export class Scroll {
	/** The end is in view, and there is nothing newer. */
	at_end = $state(true);
	/** The same, and that part of the view is within the window. */
	sees_end = true;
	/** More than a view away from the end. */
	away = $state(false);
	/** What is there goes up to the newest. */
	ends = true;

	private view: HTMLElement | null = null;
	private anchor: { row: Element; top: number } | null = null;
	private held_until = 0;
	/** Of the view, as it was last looked at (px). */
	private height = 0;

	/** `rows`: the element that has the rows as children. `moved` is told of each change of what is in view. */
	constructor(
		private readonly rows: () => Element | null,
		private readonly moved: () => void
	) {}

	readonly attach = (view: HTMLElement): (() => void) => {
		this.view = view;
		const onscroll = () => {
			// What is around it took some of its height, and nobody has said so yet: one is still at the end.
			if (this.at_end && view.clientHeight !== this.height) return this.settle();
			if (performance.now() >= this.held_until) this.note();
			this.look();
		};
		// Where the page itself scrolls, more or less of the view is within the window.
		const onpage = ({ target }: Event) => target !== view && this.look();
		const letGo = () => (this.held_until = 0);
		const sizes = new ResizeObserver(() => this.settle());
		sizes.observe(view);
		for (const child of view.children) sizes.observe(child);
		view.addEventListener('scroll', onscroll, { passive: true });
		for (const hand of by_hand) view.addEventListener(hand, letGo, { passive: true });
		for (const change of page_moves) addEventListener(change, onpage, { passive: true, capture: true });
		return () => {
			sizes.disconnect();
			view.removeEventListener('scroll', onscroll);
			for (const hand of by_hand) view.removeEventListener(hand, letGo);
			for (const change of page_moves) removeEventListener(change, onpage, { capture: true });
			this.view = null;
		};
	};

	/** After anything has changed its size or its place. */
	settle(): void {
		const { view } = this;
		if (!view) return;
		const held = this.anchor?.row.isConnected && performance.now() < this.held_until;
		if (this.at_end && this.ends && !held) view.scrollTop = view.scrollHeight;
		else if (this.anchor?.row.isConnected) {
			const off = this.topOf(this.anchor.row) - this.anchor.top;
			if (Math.abs(off) >= 1) view.scrollTop += off;
		}
		if (!held) this.note();
		this.look();
	}

	toEnd(): void {
		this.held_until = 0;
		this.at_end = true;
		this.settle();
	}

	/** Brings a row into view, so that its top is at this part of the view's height. */
	show(row: Element, part: number): void {
		if (!this.view) return;
		this.at_end = false;
		this.anchor = { row, top: this.view.clientHeight * part };
		this.held_until = performance.now() + hold_ms;
		this.settle();
	}

	/** Whether a row is above, in, or below the view. */
	placeOf(row: Element): 'above' | 'in' | 'below' {
		const top = this.topOf(row);
		return top < 0 ? 'above' : top < (this.view?.clientHeight ?? 0) ? 'in' : 'below';
	}

	/** The last row of which the end is seen. */
	lastSeen(): Element | null {
		const rows = this.rows()?.children;
		if (!rows || !this.view) return null;
		const index = firstBelow(rows.length, (at) => this.bottomOf(rows[at]), this.within().height + 1);
		return rows[index - 1] ?? null;
	}

	near(): { older: boolean; newer: boolean } {
		return this.view ? nearEnds(this.view) : { older: false, newer: false };
	}

	/** How much of the view is above the window's lower edge. */
	private within(): { height: number; whole: boolean } {
		const { view } = this;
		return inWindow(view?.getBoundingClientRect().top ?? 0, view?.clientHeight ?? 0, innerHeight);
	}

	private look(): void {
		const { view } = this;
		if (!view) return;
		this.height = view.clientHeight;
		this.at_end = this.ends && isAtEnd(view);
		this.sees_end = this.at_end && this.within().whole;
		this.away = !this.ends || leftBelow(view) > view.clientHeight;
		this.moved();
	}

	/** Remembers the first message in view, and where it is. (What parts messages goes up with those that come above.) */
	private note(): void {
		const rows = this.rows()?.children;
		if (!rows || !this.view) return;
		let row: Element | null | undefined = rows[firstBelow(rows.length, (at) => this.bottomOf(rows[at]), 0)];
		while (row && !row.hasAttribute('data-message')) row = row.nextElementSibling;
		this.anchor = row ? { row, top: this.topOf(row) } : null;
	}

	private topOf(row: Element): number {
		return row.getBoundingClientRect().top - (this.view?.getBoundingClientRect().top ?? 0);
	}

	private bottomOf(row: Element | undefined): number {
		return row ? row.getBoundingClientRect().bottom - (this.view?.getBoundingClientRect().top ?? 0) : 0;
	}
}
