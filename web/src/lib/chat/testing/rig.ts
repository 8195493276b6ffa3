import type { Connection } from '$lib/live/connection';
import { Rig } from '$lib/live/testing/rig';
import type { TestServer } from '$lib/live/testing/server';
import { eventually } from '$lib/live/testing/until';
import type { ChatConnection, Waiting } from '../connection';
import type { ChatEars } from '../ears';
import { LiveChat } from '../live-chat';
import type { Locks } from '../outbox.svelte';
import { PollingChat } from '../polling-chat';
import { Queue } from '../queue';
import { callsTo } from './calls';

/** What a browser keeps, as long as the test. */
export class TestStorage implements Storage {
	private readonly kept = new Map<string, string>();
	/** So many characters have room. */
	limit = Infinity;

	get length(): number {
		return this.kept.size;
	}
	key = (index: number) => [...this.kept.keys()][index] ?? null;
	getItem = (key: string) => this.kept.get(key) ?? null;
	removeItem = (key: string) => void this.kept.delete(key);
	clear = () => this.kept.clear();
	setItem(key: string, value: string): void {
		if (value.length > this.limit) throw new DOMException('full', 'QuotaExceededError');
		this.kept.set(key, value);
	}
}

export interface Page {
	server?: TestServer;
	storage?: Storage;
	locks?: Locks;
	/** Told of what was refused while nobody sees its channel. */
	unseen?: (message: Waiting) => void;
	/** Whether the viewer's level is enough to write. */
	mayWrite?: () => boolean;
}

/** A page's chat, with the connection and the store behind it, and a server before them. */
export class ChatRig extends Rig {
	readonly chat: ChatConnection & ChatEars;
	readonly storage: Storage;

	constructor(kind: Connection['kind'], { server, storage = new TestStorage(), locks, unseen, mayWrite = () => true }: Page = {}) {
		super(kind, server);
		this.storage = storage;
		const calls = callsTo(() => this.server.address);
		const options = { calls, mayWrite, queue: new Queue(storage), locks, unseen, random: () => this.random() };
		const { connection, graph } = this;
		this.chat = kind === 'live' ? new LiveChat(connection, graph, options) : new PollingChat(connection, graph, options);
		const { chat } = this;
		this.also.push({
			status: (status) => chat.status(status),
			clock: () => undefined,
			inbox: (what) => chat.inbox(what),
			presence: (channel_id, people) => chat.presence(channel_id, people),
			cut: () => chat.cut()
		});
		chat.become(this.server.person_id);
	}

	bodies(channel_id = 'c', thread_id?: string): string[] {
		return this.chat.messages(channel_id, thread_id).map(({ body }) => body);
	}

	numbers(channel_id = 'c', thread_id?: string): number[] {
		return this.chat.messages(channel_id, thread_id).map(({ message }) => message.number);
	}

	waiting(channel_id = 'c', thread_id?: string): string[] {
		return this.chat.state(channel_id, thread_id).waiting.map(({ body, state }) => `${body} ${state}`);
	}

	/** Bodies, in this order and none else. */
	shows(...bodies: string[]): Promise<void> {
		return eventually(`shows ${bodies}`, () => this.bodies().join() === bodies.join());
	}

	get isLevel(): boolean {
		return this.status?.kind === this.connection.kind;
	}
}

/** From one number to another. */
export function span(from: number, to: number): number[] {
	return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
