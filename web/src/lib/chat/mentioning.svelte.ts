import { askedAt, withNode, type Asked } from './mention';
import { MentionFinder, type Suggestion } from './mention-finder.svelte';

/** An `@` in a text that is being written, and what it may become. */
export class Mentioning {
	readonly finder = new MentionFinder();
	asked = $state.raw<Asked | null>(null);
	/** The one that the keys chose. */
	at = $state(0);
	/** The `@` that was left as it is. */
	private left: number | null = null;

	get open(): boolean {
		return this.asked !== null && this.finder.found.length > 0;
	}
	get active(): Suggestion | undefined {
		return this.finder.found[this.at] ?? this.finder.found[0];
	}

	/** The text, or the caret in it, has changed. */
	look(text: string, caret: number): void {
		const asked = askedAt(text, caret);
		if (asked?.at !== this.left) this.left = null;
		const next = asked && asked.at !== this.left ? asked : null;
		if (next?.q !== this.asked?.q || next?.at !== this.asked?.at) this.at = 0;
		this.asked = next;
	}

	/** It stays an `@` like any other. */
	leave(): void {
		this.left = this.asked?.at ?? null;
		this.asked = null;
	}

	move(step: number): void {
		const count = this.finder.found.length;
		this.at = (this.at + step + count) % count;
	}

	/** The text with what was chosen, and the caret behind it; null: nothing is being asked for. */
	choose(text: string, chosen: Suggestion | undefined): { text: string; caret: number } | null {
		if (!this.asked || !chosen) return null;
		const done = withNode(text, this.asked, chosen);
		this.asked = null;
		return done;
	}
}
