import { untrack } from 'svelte';
import { ApiError } from '$lib/api/problem';
import type { Connection, InboxPart, Status } from '$lib/live/connection';
import type { GraphStore } from '$lib/live/graph.svelte';
import type { ChatCalls } from './calls';
import type { ChatConnection, ChatState, Draft, Seek, Waiting } from './connection';
import type { ChatEars } from './ears';
import { Marks } from './marks.svelte';
import { Reading } from './reading.svelte';
import type { ChannelMark, FilePage, FileRef, MessageEdit, MessageNode } from './types';
import { refresh_limit_messages } from './window.svelte';

const list_page = 50;

/**
 * Chat where sockets don't get through: what is shown is read again and again, and nothing is written. What is shown
 * can be read again in one request.
 */
export class PollingChat implements ChatConnection, ChatEars {
	readonly kind = 'polling';
	private readonly reading: Reading;
	private readonly known: Marks;

	constructor(
		connection: Connection,
		graph: GraphStore,
		private readonly options: { calls: ChatCalls; breathe?: () => Promise<void> }
	) {
		const { calls, breathe } = options;
		this.reading = new Reading(connection, graph, { limit_messages: refresh_limit_messages, read: calls.listMessages, breathe });
		this.known = new Marks({ calls, tells: false });
		graph.messages.listen({
			heard: (messages) => this.known.heard(messages),
			gone: (scope_ids) => this.known.gone(scope_ids),
			doubted: () => this.known.doubted()
		});
	}

	become(person_id: string | null): void {
		this.reading.forget();
		this.known.become(person_id);
	}

	status({ kind }: Status): void {
		if (kind === 'polling') this.reading.level();
	}

	inbox(what: readonly InboxPart[]): void {
		if (what.includes('channels')) void this.known.load();
	}

	presence(): void {}

	cut(): void {}

	open(channel_id: string): () => void {
		return this.reading.open(channel_id);
	}

	messages(channel_id: string, thread_id?: string): MessageNode[] {
		return this.reading.messages(channel_id, thread_id);
	}

	state(channel_id: string, thread_id?: string): ChatState {
		return { ...this.reading.state(channel_id, thread_id), read_only: 'polling', waiting: [], people: [] };
	}

	history(channel_id: string, seek: Seek, thread_id?: string): Promise<void> {
		return this.reading.history(channel_id, seek, thread_id);
	}

	/** Throws: nothing is queued that will not be sent. */
	send(): string {
		throw readOnly();
	}

	resend(): void {
		throw readOnly();
	}

	unsent(): Waiting[] {
		return [];
	}

	takeBack(): Draft | null {
		return null;
	}

	readonly edit = refuse;
	readonly remove = refuse;
	readonly react = refuse;
	readonly pin = refuse;
	readonly promote = refuse;
	readonly mute = refuse;

	upload(): Promise<FileRef> {
		return refuse();
	}

	async edits({ id }: MessageNode): Promise<MessageEdit[]> {
		return (await this.options.calls.listEdits(id, { limit: list_page })).items;
	}

	async pins(channel_id: string): Promise<MessageNode[]> {
		return (await this.options.calls.listPins(channel_id)).items;
	}

	files(channel_id: string, cursor?: string): Promise<FilePage> {
		return this.options.calls.listFiles(channel_id, { limit: list_page, ...(cursor ? { cursor } : {}) });
	}

	typing(): void {}

	marks(): ReadonlyMap<string, ChannelMark> {
		return this.known.known;
	}

	marksAnswered(): boolean {
		return this.known.answered;
	}

	/** Shown as read on this page alone. */
	read(channel_id: string, number: number): void {
		untrack(() => this.known.read(channel_id, number));
	}
}

function readOnly(): ApiError {
	return new ApiError('read_only', 0, null);
}

function refuse(): Promise<never> {
	return Promise.reject(readOnly());
}
