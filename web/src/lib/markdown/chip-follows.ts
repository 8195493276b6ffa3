/** So many nodes are followed for chips alone. */
export const chip_follows_max = 20;

interface Held {
	end: () => void;
	/** Chips of it that are in view. */
	in_view: number;
}

/**
 * Follows the nodes whose chips are in view and of which nothing else tells. One that goes out of view
 * is followed on until its place is needed, so that scrolling back and forth asks for nothing anew.
 */
export class ChipFollows {
	/** Those that were wanted longest ago come first. */
	private readonly held = new Map<string, Held>();
	private chips = 0;

	constructor(
		private readonly follow: (id: string) => () => void,
		private readonly most = chip_follows_max
	) {}

	/** A chip is on the page. When the last is gone nothing is followed any more. */
	enter(): () => void {
		this.chips++;
		return () => {
			if (--this.chips > 0) return;
			for (const { end } of this.held.values()) end();
			this.held.clear();
		};
	}

	holds(id: string): boolean {
		return this.held.has(id);
	}

	/** Until it is called off its chip is in view. With no room left nothing is followed. */
	want(id: string): () => void {
		const held = this.held.get(id) ?? this.begin(id);
		if (!held) return () => undefined;
		held.in_view++;
		this.held.delete(id);
		this.held.set(id, held);
		return () => void held.in_view--;
	}

	private begin(id: string): Held | null {
		if (this.held.size >= this.most) {
			const idle = [...this.held].find(([, { in_view }]) => in_view === 0);
			if (!idle) return null;
			idle[1].end();
			this.held.delete(idle[0]);
		}
		return { end: this.follow(id), in_view: 0 };
	}
}
