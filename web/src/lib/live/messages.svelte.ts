import type { MessageNode } from '$lib/chat/types';
import { ChannelRows } from './channel-rows.svelte';
import { Graves } from './graves';

/** Who wants to know of messages, held or not. Told once for all that came together, after it was taken. */
export interface MessageEars {
	heard?(messages: MessageNode[]): void;
	/** These scopes are out of the viewer's sight. */
	gone?(scope_ids: ReadonlySet<string>): void;
	/** This scope is in sight again. */
	back?(scope_id: string): void;
	/** What was heard before may not be so any more. */
	doubted?(): void;
}

/**
 * The part of the graph's store that holds messages: by channel and number, and apart from the nodes, so that thousands
 * of them cost nobody anything who does not look at the channel. Rows come and go by the rules of graph.svelte.ts.
 */
export class MessageStore {
	private readonly channels = new Map<string, ChannelRows>();
	private readonly graves = new Graves();
	private readonly ears = new Set<MessageEars>();
	private readonly touched = new Set<ChannelRows>();
	private heard: MessageNode[] = [];

	constructor(
		/** Counts on, together with the nodes. */
		private readonly tick: () => number,
		readonly mark: () => number
	) {}

	/** What is held of a channel that is subscribed to. */
	of(channel_id: string): ChannelRows | undefined {
		return this.channels.get(channel_id);
	}

	listen(ears: MessageEars): () => void {
		this.ears.add(ears);
		return () => this.ears.delete(ears);
	}

	wanted(channel_id: string): void {
		this.channels.set(channel_id, new ChannelRows(channel_id, this.tick()));
	}

	dropped(channel_id: string): void {
		const rows = this.channels.get(channel_id);
		if (!rows) return;
		rows.clear();
		rows.closed = true;
		this.touched.add(rows);
		this.channels.delete(channel_id);
	}

	/** Events, answers to writes: kept only where the channel is subscribed to. */
	take(row: MessageNode): void {
		this.heard.push(row);
		const rows = this.channels.get(row.message.channel_id);
		if (rows && !rows.closed) this.put(rows, row, 'event');
	}

	/** First rows of a channel: the newest messages of it. Without the channel itself it is not the viewer's. */
	began(channel_id: string, found: MessageNode[] | null, truncated: boolean, mark: number, again: boolean): void {
		const rows = this.channels.get(channel_id);
		if (!rows) return;
		if (!found) {
			this.close(rows);
			return;
		}
		const continued = again && !rows.closed && rows.snapshot !== null;
		rows.closed = false;
		for (const row of found) this.put(rows, row, 'snapshot');
		this.heard.push(...found);
		const numbers = found.map(({ message }) => message.number);
		const range = numbers.length ? { first: Math.min(...numbers), last: Math.max(...numbers) } : null;
		rows.snapshot = { range, truncated, again: continued };
		this.giveUp(rows, new Set(found.map(({ id }) => id)), mark);
		if (!continued) rows.recount();
		for (const look of [...rows.looks]) look.began(rows.snapshot);
	}

	/**
	 * A page of history that was asked for at `mark`; false: the channel was broken with since, and the page is of no
	 * use. `all`: between these numbers there are no others.
	 */
	paged(rows: ChannelRows, found: MessageNode[], mark: number, all?: { thread_id: string | null; from: number; to: number }): boolean {
		if (rows.closed || mark < rows.brokenAt || this.channels.get(rows.id) !== rows) return false;
		for (const row of found) if (!this.graves.isNewerThan(row.id, mark)) this.put(rows, row, 'snapshot');
		this.heard.push(...found);
		if (all) {
			const ids = new Set(found.map(({ id }) => id));
			for (let number = all.from; number <= all.to; number++) {
				const row = rows.at(all.thread_id, number);
				if (row && !ids.has(row.id) && !this.isNewer(rows, row, mark)) rows.forget(row);
			}
		}
		this.stir();
		return true;
	}

	/** Deleted for everybody, channels with all that is in them; whether it was held here. */
	delete(id: string, version: number): boolean {
		const channel = this.channels.get(id);
		if (channel) this.close(channel);
		for (const rows of this.channels.values()) {
			const held = rows.byId.get(id);
			if (!held) continue;
			if (rows.suspect.has(id) || held.version < version) {
				this.forget(rows, held);
				this.graves.dig(id, version, 'deleted', this.tick());
			}
			return true;
		}
		return false;
	}

	/** Out of the viewer's sight, maybe for a while. */
	removed(scope_ids: ReadonlySet<string>, ids: { id: string; version: number }[]): void {
		for (const id of scope_ids) {
			const rows = this.channels.get(id);
			if (rows) this.close(rows);
		}
		for (const rows of this.channels.values()) {
			for (const { id, version } of ids) {
				const held = rows.byId.get(id);
				if (!held || (held.version > version && !rows.suspect.has(id))) continue;
				this.forget(rows, held);
				this.graves.dig(id, version, 'removed', this.tick());
			}
		}
		for (const { gone } of this.ears) gone?.(scope_ids);
	}

	added(scope_id: string): void {
		for (const { back } of [...this.ears]) back?.(scope_id);
	}

	/** What is held of the channel may be wrong: shown on until its first rows are here. */
	doubt(channel_id: string): void {
		const rows = this.channels.get(channel_id);
		if (!rows) return;
		for (const id of rows.byId.keys()) rows.suspect.add(id);
		rows.snapshot = null;
		rows.brokenAt = this.tick();
	}

	/** After a restore the versions may have gone back. */
	resync(): void {
		this.graves.clear();
		for (const { doubted } of this.ears) doubted?.();
	}

	clear(): void {
		this.graves.clear();
		this.heard = [];
		for (const rows of this.channels.values()) {
			rows.clear();
			rows.brokenAt = this.tick();
			this.touched.add(rows);
		}
	}

	/** Tells whoever looks or listens, once for all that came together. */
	stir(): void {
		for (const rows of this.touched) {
			rows.changed++;
			for (const look of [...rows.looks]) look.stirred();
			rows.bound();
		}
		this.touched.clear();
		const { heard } = this;
		if (heard.length === 0) return;
		this.heard = [];
		for (const { heard: tell } of this.ears) tell?.(heard);
	}

	private put(rows: ChannelRows, row: MessageNode, source: 'snapshot' | 'event'): void {
		if (!this.graves.lets(row.id, row.version, source)) return;
		const held = rows.byId.get(row.id);
		if (held && !rows.suspect.has(row.id) && row.version <= held.version) return;
		rows.put(row, this.tick());
		this.graves.open(row.id);
		this.touched.add(rows);
	}

	private forget(rows: ChannelRows, row: MessageNode): void {
		rows.forget(row);
		this.touched.add(rows);
	}

	/** Whether it was taken after this, so that what was asked for then can't know of it. */
	private isNewer(rows: ChannelRows, { id }: MessageNode, mark: number): boolean {
		return (rows.taken.get(id) ?? 0) > mark;
	}

	/** What first rows did not bring, and may be old or gone. */
	private giveUp(rows: ChannelRows, brought: ReadonlySet<string>, mark: number): void {
		const { range, truncated, again } = rows.snapshot as NonNullable<ChannelRows['snapshot']>;
		const run = range ? rows.runBefore(range.first) : 0;
		for (const row of [...rows.byId.values()]) {
			if (brought.has(row.id) || this.isNewer(rows, row, mark)) continue;
			const { thread_id, number } = row.message;
			const all = !range && !truncated;
			const within = all || (range !== null && number >= (truncated ? range.first : 1) && number <= range.last);
			const gap = range !== null && number < run && !rows.isLookedAt(row);
			const stays = again && (thread_id !== null || (!within && !gap));
			if (!stays) this.forget(rows, row);
		}
		this.touched.add(rows);
	}

	private close(rows: ChannelRows): void {
		if (rows.closed) return;
		rows.clear();
		rows.closed = true;
		rows.brokenAt = this.tick();
		this.touched.add(rows);
	}
}
