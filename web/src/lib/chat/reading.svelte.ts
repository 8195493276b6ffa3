import { untrack } from 'svelte';
import { SvelteMap } from 'svelte/reactivity';
import { ApiError, asApiError } from '$lib/api/problem';
import type { Connection } from '$lib/live/connection';
import type { GraphStore } from '$lib/live/graph.svelte';
import type { ChatState, Failed, Seek } from './connection';
import { Followed, type Reader } from './followed.svelte';
import { isChannel, type ChannelNode, type MessageNode } from './types';
import type { HistoryWindow } from './window.svelte';

type Read = Pick<ChatState, 'phase' | 'has_older' | 'has_newer' | 'seeking' | 'problem' | 'failed'>;

const none = { older: null, newer: null };
const unread: Read = { phase: 'loading', has_older: false, has_newer: false, seeking: false, problem: null, failed: none };

/** Channels that are read, whichever way the page hears from the server. */
export class Reading {
	private readonly channels = new SvelteMap<string, Followed>();
	private readonly openers = new Map<string, number>();
	private readonly ends = new Map<string, () => void>();

	constructor(
		private readonly connection: Pick<Connection, 'subscribe'>,
		private readonly graph: GraphStore,
		private readonly reader: Reader
	) {
		graph.messages.listen({ back: (scope_id) => this.channels.get(scope_id)?.answered && this.again(scope_id) });
	}

	open(channel_id: string): () => void {
		return untrack(() => {
			const before = this.openers.get(channel_id) ?? 0;
			this.openers.set(channel_id, before + 1);
			if (before === 0) this.follow(channel_id);
			let open = true;
			return () => {
				if (open) untrack(() => this.leave(channel_id));
				open = false;
			};
		});
	}

	isOpen(channel_id: string): boolean {
		return this.openers.has(channel_id);
	}

	/** It is open, and there. */
	isSeen(channel_id: string): boolean {
		return this.isOpen(channel_id) && this.state(channel_id).phase !== 'gone';
	}

	/** The page is level with the server: what was refused before is tried again. */
	level(): void {
		untrack(() => this.channels.forEach((followed) => followed.level()));
	}

	channel(channel_id: string): ChannelNode | null {
		const node = this.graph.nodes.get(channel_id);
		return node && isChannel(node) ? node : null;
	}

	messages(channel_id: string, thread_id?: string): MessageNode[] {
		return this.window(channel_id, thread_id)?.shown ?? [];
	}

	state(channel_id: string, thread_id?: string): Read {
		const followed = this.channels.get(channel_id);
		if (!followed) return unread;
		const window = followed.shown(thread_id);
		const { refused, answered } = followed;
		const gone = isGone(refused) || (answered && !refused && !this.graph.nodes.has(channel_id));
		const threadGone = thread_id !== undefined && window?.problem?.status === 404;
		if (gone || threadGone) return { ...unread, phase: 'gone' };
		const turnedAway: Failed | null = refused ? { seek: 'newest', problem: new ApiError(refused, 0, null) } : null;
		const failed = window?.problem ? window.failed : { older: turnedAway, newer: null };
		const problem = (failed.older ?? failed.newer)?.problem ?? null;
		if (!window) return { ...unread, problem, failed };
		const { has_older, has_newer, seeking } = window;
		const ready = answered && (window.placed || problem !== null);
		return { phase: ready ? 'ready' : 'loading', has_older, has_newer, seeking, problem, failed };
	}

	async history(channel_id: string, seek: Seek, thread_id?: string): Promise<void> {
		await untrack(() => {
			const followed = this.channels.get(channel_id);
			const window = thread_id ? followed?.thread(thread_id) : followed?.window;
			return window?.seek(seek);
		});
	}

	/** A message that is here, but is shown only when those before it are. */
	awaits({ message: { channel_id, thread_id, number } }: MessageNode): boolean {
		return this.window(channel_id, thread_id ?? undefined)?.awaits(number) ?? false;
	}

	/** Somebody else looks at the page. */
	forget(): void {
		for (const followed of this.channels.values()) followed.forget();
	}

	private window(channel_id: string, thread_id?: string): HistoryWindow | undefined {
		return this.channels.get(channel_id)?.shown(thread_id);
	}

	private follow(channel_id: string): void {
		const end = this.connection.subscribe(`channel:${channel_id}`, {
			ready: () => this.channels.get(channel_id)?.ready(),
			refused: (code) => {
				// Where one polls nothing else tells that it is out of sight.
				if (isGone(code)) this.graph.removed({ scope_ids: [channel_id], ids: [] });
				this.channels.get(channel_id)?.refuse(code);
			},
			again: (signal) => this.refresh(channel_id, signal)
		});
		this.ends.set(channel_id, end);
		const rows = this.graph.messages.of(channel_id);
		if (!rows) return;
		const followed = new Followed(channel_id, this.graph.messages, rows, this.reader);
		this.channels.set(channel_id, followed);
		if (rows.snapshot) followed.ready(); // somebody else listens to it already
	}

	private leave(channel_id: string): void {
		const left = (this.openers.get(channel_id) ?? 0) - 1;
		if (left > 0) {
			this.openers.set(channel_id, left);
			return;
		}
		this.openers.delete(channel_id);
		this.unfollow(channel_id);
	}

	private unfollow(channel_id: string): void {
		this.channels.get(channel_id)?.end();
		this.channels.delete(channel_id);
		this.ends.get(channel_id)?.();
		this.ends.delete(channel_id);
	}

	/** It was out of sight: nobody kept telling of it. */
	private again(channel_id: string): void {
		if (!this.graph.messages.of(channel_id)?.closed) return;
		this.unfollow(channel_id);
		this.follow(channel_id);
	}

	private async refresh(channel_id: string, signal: AbortSignal): Promise<void> {
		try {
			await this.channels.get(channel_id)?.refresh(signal);
		} catch (cause) {
			// Not for the viewer any more: the next round's rows say so.
			if (![403, 404].includes(asApiError(cause).status)) throw cause;
		}
	}
}

function isGone(code: string | null): boolean {
	return code === 'not_found' || code === 'forbidden' || code === 'invalid'; // the last: no id at all
}
