import { createSubscriber, SvelteMap } from 'svelte/reactivity';
import type { ChannelRows } from '$lib/live/channel-rows.svelte';
import type { MessageStore } from '$lib/live/messages.svelte';
import type { PageQuery } from './calls';
import { HistoryWindow } from './window.svelte';
import type { MessagePage } from './types';

/** So many threads of a channel are open at once. */
export const threads_limit = 4;
/** With them all that is looked at stays below what the store holds of a channel. */
export const thread_limit_messages = 300;

export interface Reader {
	/** So many of the channel's own messages are shown at most. */
	limit_messages: number;
	read(channel_id: string, query: PageQuery, signal?: AbortSignal): Promise<MessagePage>;
	/** A page of history is shown a part at a time with this between, so that scrolling goes on; without it, at once. */
	breathe?: (() => Promise<void>) | undefined;
}

/** A channel that is followed: what is shown of it, and of its threads. */
export class Followed {
	/** The server has answered, one way or another. */
	answered = $state(false);
	/** Why the server does not serve it. */
	refused = $state<string | null>(null);
	readonly window: HistoryWindow;
	private readonly threads = new SvelteMap<string, HistoryWindow>();
	/** Those that are on screen, each with what tells when it is not any more. */
	private readonly watches = new Map<string, () => void>();
	private readonly watched = new Set<string>();
	private ended = false;

	constructor(
		readonly id: string,
		private readonly store: MessageStore,
		private readonly rows: ChannelRows,
		private readonly reader: Reader
	) {
		this.window = this.look(null, reader.limit_messages);
	}

	ready(): void {
		this.answered = true;
		this.refused = null;
		for (const window of this.threads.values()) if (!window.placed && !window.seeking) void window.seek('newest');
	}

	refuse(code: string): void {
		this.answered = true;
		this.refused = code;
	}

	/** A thread that is on screen: it is read once somebody looks, and let go when nobody does. */
	shown(thread_id: string | undefined): HistoryWindow | undefined {
		if (!thread_id) return this.window;
		this.watchOf(thread_id)();
		return this.threads.get(thread_id);
	}

	/** Opens a thread, unless too many are on screen. */
	thread(thread_id: string): HistoryWindow | undefined {
		const there = this.threads.get(thread_id);
		if (there || this.ended) return there;
		if (this.threads.size >= threads_limit) {
			const other = [...this.threads.keys()].find((id) => !this.watched.has(id));
			if (!other) return undefined;
			this.close(other);
		}
		const window = this.look(thread_id, thread_limit_messages);
		this.threads.set(thread_id, window);
		return window;
	}

	/** Reads again what is shown and not among the first rows, where one polls. */
	async refresh(signal: AbortSignal): Promise<void> {
		for (const window of [this.window, ...this.threads.values()]) await window.refresh(signal);
	}

	/** The page is level with the server: what was refused before is tried again. */
	level(): void {
		for (const window of [this.window, ...this.threads.values()]) window.level();
	}

	/** Somebody else looks at the page. */
	forget(): void {
		this.answered = false;
		this.refused = null;
		for (const window of [this.window, ...this.threads.values()]) window.forget();
	}

	end(): void {
		this.ended = true;
		this.window.end();
		for (const id of [...this.threads.keys()]) this.close(id);
	}

	private look(thread_id: string | null, limit_messages: number): HistoryWindow {
		const read = (query: PageQuery, signal?: AbortSignal) => this.reader.read(this.id, query, signal);
		return new HistoryWindow(this.store, this.rows, thread_id, { limit_messages, read, breathe: this.reader.breathe });
	}

	private close(thread_id: string): void {
		this.threads.get(thread_id)?.end();
		this.threads.delete(thread_id);
	}

	private watchOf(thread_id: string): () => void {
		let watch = this.watches.get(thread_id);
		if (!watch) {
			watch = createSubscriber(() => this.begin(thread_id));
			this.watches.set(thread_id, watch);
		}
		return watch;
	}

	/** Never within the effect that looks: what it reads may not change under it. */
	private begin(thread_id: string): () => void {
		this.watched.add(thread_id);
		queueMicrotask(() => this.openWatched());
		return () => {
			this.watched.delete(thread_id);
			queueMicrotask(() => {
				if (this.watched.has(thread_id)) return;
				this.watches.delete(thread_id);
				this.close(thread_id);
				this.openWatched(); // there may be room now for one that had to wait
			});
		};
	}

	private openWatched(): void {
		for (const id of this.watched) if (!this.threads.has(id)) void this.thread(id)?.seek('newest');
	}
}
