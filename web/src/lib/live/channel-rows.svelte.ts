import type { MessageNode } from '$lib/chat/types';

/** So many messages of a channel are held at most, replies too. */
export const held_limit_messages = 2_000;
/** Beyond that some go, until so many are left: not a few with each that comes. */
const held_after_messages = 1_800;
/** The newest of the channel itself are held wherever one looks. */
export const newest_held_messages = 200;

/** What first rows brought of a channel's own messages. */
export interface Snapshot {
	/** Their lowest and highest number; null: they brought none. */
	range: { first: number; last: number } | null;
	/** There are older ones. */
	truncated: boolean;
	/** The same question was asked before, and nothing broke in between: what it did not bring may be held on. */
	again: boolean;
}

/** Somebody who looks at a run of numbers. */
export interface Look {
	/** The message whose replies are looked at; null: the channel's own messages. */
	readonly thread_id: string | null;
	/** How far a number is from what is looked at; 0: within. */
	distance(number: number): number;
	/** First rows were taken. */
	began(snapshot: Snapshot): void;
	/** Rows were taken or given up. */
	stirred(): void;
}

/** The channel's own messages, or the replies to one: their numbers have no gaps, though not all are held. */
interface Sequence {
	readonly byNumber: Map<number, MessageNode>;
	/** The highest number known of. */
	last: number;
}

/** What is held of one channel, by number. Which version is taken is decided by the store (messages.svelte.ts). */
export class ChannelRows {
	/** Rises whenever rows were taken or given up. */
	changed = $state(0);
	readonly looks = new Set<Look>();
	readonly byId = new Map<string, MessageNode>();
	/** Shown on, but any version replaces them. */
	readonly suspect = new Set<string>();
	/** When each was taken, as the store counts. */
	readonly taken = new Map<string, number>();
	/** The last first rows; null: they are not here, or broken with. */
	snapshot: Snapshot | null = null;
	/** Out of the viewer's sight: only first rows open it again. */
	closed = false;
	private readonly sequences = new Map<string | null, Sequence>();

	constructor(
		readonly id: string,
		/** When it was begun or broken with, as the store counts: pages that were asked for before are of no use. */
		public brokenAt: number
	) {}

	get size(): number {
		return this.byId.size;
	}

	at(thread_id: string | null, number: number): MessageNode | undefined {
		return this.sequences.get(thread_id)?.byNumber.get(number);
	}

	/** The highest number known of; 0: none. */
	last(thread_id: string | null): number {
		return this.sequences.get(thread_id)?.last ?? 0;
	}

	/** There is a message of this number, held or not. */
	knows(thread_id: string | null, number: number): void {
		const sequence = this.sequence(thread_id);
		sequence.last = Math.max(sequence.last, number);
	}

	put(row: MessageNode, count: number): void {
		const { thread_id, number } = row.message;
		this.byId.set(row.id, row);
		this.sequence(thread_id).byNumber.set(number, row);
		this.knows(thread_id, number);
		this.suspect.delete(row.id);
		this.taken.set(row.id, count);
	}

	forget(row: MessageNode): void {
		const { thread_id, number } = row.message;
		const sequence = this.sequence(thread_id);
		if (sequence.byNumber.get(number)?.id === row.id) sequence.byNumber.delete(number);
		this.byId.delete(row.id);
		this.suspect.delete(row.id);
		this.taken.delete(row.id);
	}

	/** All of it, and what was known of its numbers. */
	clear(): void {
		for (const held of [this.byId, this.suspect, this.taken, this.sequences]) held.clear();
		this.snapshot = null;
	}

	/** What is known of the end of the channel, or of a thread, is only what is held. */
	recount(): void {
		for (const sequence of this.sequences.values()) sequence.last = Math.max(0, ...sequence.byNumber.keys());
	}

	/** The lowest number from which all are held up to this one. */
	runBefore(number: number): number {
		let first = number;
		while (this.at(null, first - 1)) first--;
		return first;
	}

	isLookedAt({ message: { thread_id, number } }: MessageNode): boolean {
		for (const look of this.looks) if (look.thread_id === thread_id && look.distance(number) === 0) return true;
		return false;
	}

	/** Gives up what is farthest from what is looked at, once there is too much. */
	bound(): void {
		if (this.size <= held_limit_messages) return;
		const rows = [...this.byId.values()].map((row) => ({ row, far: this.distance(row) }));
		rows.sort((a, b) => b.far - a.far);
		for (const { row } of rows.slice(0, this.size - held_after_messages)) this.forget(row);
	}

	private distance({ message: { thread_id, number } }: MessageNode): number {
		if (thread_id === null && number > this.last(null) - newest_held_messages) return 0;
		let nearest = Infinity;
		for (const look of this.looks) if (look.thread_id === thread_id) nearest = Math.min(nearest, look.distance(number));
		return nearest;
	}

	private sequence(thread_id: string | null): Sequence {
		let sequence = this.sequences.get(thread_id);
		if (!sequence) {
			sequence = { byNumber: new Map(), last: 0 };
			this.sequences.set(thread_id, sequence);
		}
		return sequence;
	}
}
