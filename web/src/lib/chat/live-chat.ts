import { untrack } from 'svelte';
import type { Audience, Node } from '$lib/api/types';
import type { Connection, InboxPart, Status } from '$lib/live/connection';
import type { GraphStore } from '$lib/live/graph.svelte';
import type { ChatCalls } from './calls';
import type { ChatConnection, ChatState, Draft, Present, ReadOnly, Seek, Waiting } from './connection';
import type { ChatEars } from './ears';
import { Marks } from './marks.svelte';
import { Outbox, type Locks } from './outbox.svelte';
import { Presence } from './presence.svelte';
import type { Queue } from './queue';
import { Reading } from './reading.svelte';
import type { ChannelMark, ChannelNode, FilePage, FileRef, MessageEdit, MessageNode } from './types';

/** So many messages are shown at once at most. */
export const window_limit_messages = 600;
/** So many edits of a message, or files of a channel, are read at once. */
const list_page = 50;

export interface ChatOptions {
	calls: ChatCalls;
	/** Whether the viewer's level is enough to write there; reactive. */
	mayWrite(channel: ChannelNode): boolean;
	queue: Queue;
	/** Told of a message that was refused while nobody sees its channel. */
	unseen?: ((message: Waiting) => void) | undefined;
	/** Between parts of a page of history, which would else be shown at once. */
	breathe?: (() => Promise<void>) | undefined;
	locks?: Locks;
	random?: () => number;
}

/** Chat over the socket: all that happens is told, and all that is written is sent, sooner or later. */
export class LiveChat implements ChatConnection, ChatEars {
	readonly kind = 'live';
	private readonly reading: Reading;
	private readonly known: Marks;
	private readonly presenceKept: Presence;
	private readonly outbox: Outbox;
	private person_id: string | null = null;
	private endListening: (() => void) | null = null;

	constructor(
		private readonly connection: Connection,
		private readonly graph: GraphStore,
		private readonly options: ChatOptions
	) {
		const { calls, breathe, queue, locks, random, unseen } = options;
		this.reading = new Reading(connection, graph, { limit_messages: window_limit_messages, read: calls.listMessages, breathe });
		this.known = new Marks({ calls, tells: true });
		this.presenceKept = new Presence(
			(id) => this.reading.isOpen(id),
			(id) => connection.typing(id)
		);
		this.outbox = new Outbox({
			post: calls.postMessage,
			took: (node) => graph.answered([{ node }]),
			awaits: (message) => this.reading.awaits(message),
			refused: (message) => untrack(() => !this.reading.isSeen(message.channel_id) && unseen?.(message)),
			queue,
			locks,
			random
		});
		graph.messages.listen({
			heard: (messages) => {
				this.outbox.heard(messages);
				this.known.heard(messages);
			},
			gone: (scope_ids) => this.known.gone(scope_ids),
			doubted: () => this.known.doubted()
		});
		globalThis.addEventListener?.('storage', (change: StorageEvent) => this.outbox.hear(change));
	}

	become(person_id: string | null): void {
		this.person_id = person_id;
		this.reading.forget();
		this.presenceKept.forget();
		this.known.become(person_id);
		this.outbox.become(person_id);
		this.endListening?.();
		// Only who is signed in has marks.
		this.endListening = person_id === null ? null : this.connection.subscribe('kind:message');
	}

	status(status: Status): void {
		const live = status.kind === 'live';
		this.outbox.connectionIs(live);
		if (!live) return;
		this.known.tellAll();
		this.reading.level();
	}

	inbox(what: readonly InboxPart[]): void {
		if (what.includes('channels')) void this.known.load();
	}

	presence(channel_id: string, people: Present[]): void {
		this.presenceKept.hear(channel_id, people);
	}

	cut(): void {
		this.presenceKept.forget();
	}

	open(channel_id: string): () => void {
		const end = this.reading.open(channel_id);
		return () => {
			end();
			if (!this.reading.isOpen(channel_id)) this.presenceKept.closed(channel_id);
		};
	}

	messages(channel_id: string, thread_id?: string): MessageNode[] {
		return this.reading.messages(channel_id, thread_id);
	}

	state(channel_id: string, thread_id?: string): ChatState {
		return {
			...this.reading.state(channel_id, thread_id),
			read_only: this.readOnly(channel_id),
			waiting: this.outbox.waiting(channel_id, thread_id ?? null),
			people: this.presenceKept.of(channel_id, this.person_id)
		};
	}

	history(channel_id: string, seek: Seek, thread_id?: string): Promise<void> {
		return this.reading.history(channel_id, seek, thread_id);
	}

	send(channel_id: string, draft: Draft): string {
		return untrack(() => this.outbox.send(channel_id, draft));
	}

	resend(id: string): void {
		untrack(() => this.outbox.resend(id));
	}

	unsent(): Waiting[] {
		return this.outbox.unsent();
	}

	takeBack(id: string): Draft | null {
		return untrack(() => this.outbox.takeBack(id));
	}

	edit({ id, version }: MessageNode, body: string): Promise<void> {
		return this.written(this.options.calls.editMessage(id, version, body));
	}

	remove({ id, version }: MessageNode): Promise<void> {
		return this.written(this.options.calls.deleteMessage(id, version));
	}

	react({ id }: MessageNode, emoji: string, on: boolean): Promise<void> {
		return this.written(this.options.calls.react(id, emoji, on));
	}

	pin({ id }: MessageNode, pinned: boolean): Promise<void> {
		return this.written(this.options.calls.pin(id, pinned));
	}

	promote({ id }: MessageNode, audience: Audience): Promise<void> {
		return this.written(this.options.calls.promote(id, audience));
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

	upload(channel_id: string, file: File, progress: (share: number) => void, signal: AbortSignal): Promise<FileRef> {
		return this.options.calls.upload(channel_id, file, progress, signal);
	}

	typing(channel_id: string): void {
		this.presenceKept.typing(channel_id);
	}

	marks(): ReadonlyMap<string, ChannelMark> {
		return this.known.known;
	}

	marksAnswered(): boolean {
		return this.known.answered;
	}

	read(channel_id: string, number: number): void {
		untrack(() => this.known.read(channel_id, number));
	}

	mute(channel_id: string, muted: boolean): Promise<void> {
		return this.known.mute(channel_id, muted);
	}

	private readOnly(channel_id: string): ReadOnly | null {
		if (this.person_id === null) return 'signed_out';
		const channel = this.reading.channel(channel_id);
		return channel && !this.options.mayWrite(channel) ? 'reader' : null;
	}

	/** The answer is level with the event of the same write, whichever comes first. */
	private async written(write: Promise<Node>): Promise<void> {
		const before = this.person_id;
		const node = await write;
		if (before === this.person_id) this.graph.answered([{ node }]);
	}
}
