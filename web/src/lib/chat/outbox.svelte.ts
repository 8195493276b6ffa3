import { SvelteSet } from 'svelte/reactivity';
import { ApiError, asApiError } from '$lib/api/problem';
import type { Node } from '$lib/api/types';
import { backoff_ms } from '$lib/live/backoff';
import { uuid7 } from '$lib/uuid7';
import type { NewMessage } from './calls';
import type { Draft, Waiting } from './connection';
import { body_limit_bytes, queue_limit, type Kept, type Queue } from './queue';
import type { MessageNode } from './types';

/** At least so long until a message is tried again. */
const again_base_ms = 500;

/** What browsers have as `navigator.locks`. */
export interface Locks {
	request(name: string, options: { signal: AbortSignal }, act: () => Promise<void>): Promise<unknown>;
}

export interface OutboxOptions {
	post(channel_id: string, message: NewMessage, signal: AbortSignal): Promise<Node>;
	/** The message as the server has it now. */
	took(node: Node): void;
	/** It is here, but is shown only when those before it are. */
	awaits(message: MessageNode): boolean;
	/** It will not be sent, for the reason it has now. */
	refused?: (message: Waiting) => void;
	queue: Queue;
	/** So that of several pages of a browser only one sends at a time. */
	locks?: Locks;
	random?: () => number;
}

/**
 * Messages on their way: sent in order in each channel, one at a time, until the server has them. Sent again after a
 * lost answer a message is still there once, by its id.
 */
export class Outbox {
	/** As they were kept when last looked. */
	private kept = $state.raw<Kept[]>([]);
	/** Refused here already, and not kept. */
	private overflow = $state.raw<Kept[]>([]);
	/** Here, but not shown yet. */
	private landing = $state.raw<{ entry: Kept; message: MessageNode }[]>([]);
	private readonly sending = new SvelteSet<string>();
	private person_id: string | null = null;
	private live = false;
	/** Raised when somebody else looks at the page: what was begun before is not theirs. */
	private era = 0;
	private abort = new AbortController();
	/** Channels being sent to. */
	private readonly draining = new Set<string>();
	private readonly attempts = new Map<string, number>();
	private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();

	constructor(private readonly options: OutboxOptions) {}

	/** Of the channel itself, or of a thread in it. */
	waiting(channel_id: string, thread_id: string | null): Waiting[] {
		const landing = this.landing.filter(({ message }) => this.options.awaits(message)).map(({ entry }) => entry);
		const there = (entry: Kept) => entry.channel_id === channel_id && entry.thread_id === thread_id;
		return [...landing, ...this.kept, ...this.overflow].filter(there).map((entry) => this.shown(entry, landing.includes(entry)));
	}

	/** Those that were refused, in any channel. */
	unsent(): Waiting[] {
		return [...this.kept, ...this.overflow].filter(({ refused }) => refused).map((entry) => this.shown(entry, false));
	}

	/** Somebody else, or nobody, looks at the page: only what is theirs is shown and sent. */
	become(person_id: string | null): void {
		this.era++;
		this.abort.abort();
		this.abort = new AbortController();
		this.rest();
		for (const begun of [this.sending, this.draining]) begun.clear();
		this.landing = [];
		this.overflow = [];
		this.live = false;
		this.person_id = person_id;
		if (person_id !== null) this.options.queue.claim(person_id);
		this.reread();
	}

	/** What waits is sent while the page is level with the server. */
	connectionIs(live: boolean): void {
		if (live === this.live) return;
		this.live = live;
		if (!live) return;
		this.rest();
		this.drainAll();
	}

	/** Another page of this browser changed something of what is kept. */
	hear(change: { key: string | null }): void {
		if (this.person_id === null || !this.options.queue.concerns(this.person_id, change)) return;
		this.reread();
		this.drainAll();
	}

	send(channel_id: string, { body, thread_id, files }: Draft): string {
		const id = uuid7();
		const draft = { channel_id, thread_id: thread_id ?? null, body, files: files ?? [] };
		this.enter({ id, ...draft, at: Date.now(), tried: false, refused: null });
		return id;
	}

	resend(id: string): void {
		const entry = this.find(id);
		if (!entry?.refused) return;
		this.drop(id);
		this.enter({ ...entry, tried: false, refused: null });
	}

	takeBack(id: string): Draft | null {
		const entry = this.find(id);
		if (!entry || !this.mayTakeBack(entry)) return null;
		this.drop(id);
		const { body, thread_id, files } = entry;
		return { body, thread_id, files };
	}

	/** Messages that are there now, whichever way that was learnt. */
	heard(messages: MessageNode[]): void {
		if (this.landing.length > 0) this.landing = this.landing.filter(({ message }) => this.options.awaits(message));
		if (this.kept.length + this.overflow.length === 0) return;
		for (const message of messages) {
			const entry = this.find(message.id);
			if (!entry) continue;
			this.drop(message.id);
			if (this.options.awaits(message)) this.landing = [...this.landing, { entry, message }];
		}
	}

	/** One that was tried may be there yet: another page may be sending it, or what got no answer is carried out late. */
	private mayTakeBack({ id, tried, refused }: Kept): boolean {
		return refused !== null || (!tried && !this.sending.has(id));
	}

	private enter(entry: Kept): void {
		const refused = this.refusalOf(entry) ?? (this.change((kept) => [...kept, entry]) ? null : new ApiError('limit', 429, null));
		if (!refused) this.drain(entry.channel_id);
		else this.overflow = [...this.overflow, { ...entry, refused: refused }].slice(-queue_limit);
	}

	private refusalOf({ body }: Kept): ApiError | null {
		if (this.person_id === null) return new ApiError('unauthenticated', 401, null);
		return new TextEncoder().encode(body).length > body_limit_bytes ? new ApiError('too_large', 413, null) : null;
	}

	private shown(kept: Kept, landed: boolean): Waiting {
		const { refused, tried, ...entry } = kept;
		const problem = refused && new ApiError(refused.code, refused.status, refused.problem);
		const state = refused ? 'refused' : landed || this.sending.has(entry.id) ? 'sending' : 'waiting';
		return { ...entry, state, problem, mayTakeBack: !landed && this.mayTakeBack(kept) };
	}

	private find(id: string): Kept | undefined {
		return [...this.kept, ...this.overflow].find((entry) => entry.id === id);
	}

	private drop(id: string): void {
		const others = (list: Kept[]) => list.filter((entry) => entry.id !== id);
		this.overflow = others(this.overflow);
		this.change(others);
	}

	private alter(id: string, to: Partial<Kept>): void {
		this.change((kept) => kept.map((entry) => (entry.id === id ? { ...entry, ...to } : entry)));
	}

	/** Whether there was room for what became of them. */
	private change(act: (kept: Kept[]) => Kept[]): boolean {
		if (this.person_id === null) return false;
		const kept = act(this.options.queue.of(this.person_id));
		if (!this.options.queue.keep(this.person_id, kept)) return false;
		this.kept = kept;
		return true;
	}

	private reread(): void {
		this.kept = this.person_id === null ? [] : this.options.queue.of(this.person_id);
	}

	private rest(): void {
		for (const timer of this.timers.values()) clearTimeout(timer);
		this.timers.clear();
		this.attempts.clear();
	}

	private drainAll(): void {
		for (const channel_id of new Set(this.kept.map((entry) => entry.channel_id))) this.drain(channel_id);
	}

	private maySend(era: number): boolean {
		return era === this.era && this.live && this.person_id !== null && this.options.queue.isOf(this.person_id);
	}

	private drain(channel_id: string): void {
		const { era } = this;
		if (!this.maySend(era) || this.draining.has(channel_id) || this.timers.has(channel_id)) return;
		if (!this.kept.some((entry) => entry.channel_id === channel_id && !entry.refused)) return;
		this.draining.add(channel_id);
		const done = () => {
			if (era !== this.era) return;
			this.draining.delete(channel_id);
			this.drain(channel_id); // one that came just when the last was sent
		};
		this.alone(channel_id, () => this.sendAll(channel_id, era)).then(done, done);
	}

	private async alone(channel_id: string, act: () => Promise<void>): Promise<void> {
		const { locks } = this.options;
		if (!locks) return act();
		await locks.request(`synops-outbox:${this.person_id}:${channel_id}`, { signal: this.abort.signal }, act);
	}

	private async sendAll(channel_id: string, era: number): Promise<void> {
		for (;;) {
			if (!this.maySend(era)) return;
			this.reread(); // another page may have sent some
			const next = this.kept.find((entry) => entry.channel_id === channel_id && !entry.refused);
			if (!next) return;
			const done = await this.sendOne(next, era);
			if (era !== this.era) return;
			if (!done) {
				this.later(channel_id);
				return;
			}
			this.attempts.delete(channel_id);
		}
	}

	/** False: to be tried again later. */
	private async sendOne(entry: Kept, era: number): Promise<boolean> {
		const { id, channel_id, thread_id, body, files } = entry;
		this.sending.add(id);
		this.alter(id, { tried: true });
		const message = { id, body, ...(thread_id ? { thread_id } : {}), ...(files.length ? { file_ids: files.map((file) => file.id) } : {}) };
		try {
			const node = await this.options.post(channel_id, message, this.abort.signal);
			if (era === this.era) this.options.took(node);
			if (era === this.era) this.drop(id);
			return true;
		} catch (cause) {
			if (era !== this.era || !this.find(id)) return true; // it was heard of meanwhile
			const { code, status, problem } = asApiError(cause);
			if (isUndone(status)) this.alter(id, { tried: entry.tried });
			if (isForNow(status)) return false;
			this.alter(id, { refused: { code, status, problem } });
			const refused = this.find(id);
			if (refused) this.options.refused?.(this.shown(refused, false));
			return true;
		} finally {
			if (era === this.era) this.sending.delete(id);
		}
	}

	private later(channel_id: string): void {
		const attempt = this.attempts.get(channel_id) ?? 0;
		this.attempts.set(channel_id, attempt + 1);
		const again = () => {
			this.timers.delete(channel_id);
			this.drain(channel_id);
		};
		clearTimeout(this.timers.get(channel_id));
		this.timers.set(channel_id, setTimeout(again, again_base_ms + backoff_ms(attempt, this.options.random)));
	}
}

/** No word on the message itself: no answer, a server in trouble, too many requests, a session that ended. */
function isForNow(status: number): boolean {
	return status === 0 || status >= 500 || [401, 408, 425, 429].includes(status);
}

/** The server says plainly that it has not looked at the message. */
function isUndone(status: number): boolean {
	return status === 401 || status === 429;
}
