import type { Rows } from '$lib/api/types';
import type { Lifecycle } from '$lib/lifecycle/types';
import { backoff_ms } from './backoff';
import { ClockOffset } from './clock';
import { inbox_parts } from './connection';
import type { Connection, Handlers, Observer, Sink, Status, Topic } from './connection';
import { PositionWatches, type Bbox, type PositionRow, type PositionsWatch } from './positions';
import { Subscriptions, tellReady, type Subscription } from './subscriptions';

export const poll_every_ms = 3_000;
export const poll_timeout_ms = 10_000;
/** Every how many rounds it is asked who the caller is, and what time it is. */
export const whoami_rounds = 5;

export interface PollingOptions {
	fetchRows(topic: Topic, signal: AbortSignal): Promise<Rows>;
	/** Throws with `status: 401` when the session has ended. */
	whoami(signal: AbortSignal): Promise<{ person_id: string | null; server_time: string }>;
	lifecycle(signal: AbortSignal): Promise<Lifecycle>;
	positions(bbox: Bbox, signal: AbortSignal): Promise<PositionRow[]>;
	random?: () => number;
}

/**
 * For networks that block sockets: asks for the rows of every topic again and
 * again. Rows that are gone are found by their absence, so each answer is
 * handed on as a whole.
 */
export class PollingConnection implements Connection {
	readonly kind = 'polling';
	private readonly subscriptions = new Subscriptions(
		(subscription) => this.opened(subscription),
		(subscription) => this.sink.dropped(subscription.topic)
	);
	/** Nothing is sent: each round reads what is looked at then. */
	private readonly positions = new PositionWatches(() => undefined);
	private readonly clock = new ClockOffset();
	private running = false;
	/** Raised by every stop: answers to questions of before are not for us any more. */
	private era = 0;
	private round = 0;
	private failures = 0;
	private freshAt: number | null = null;
	private said: Status['kind'] | null = null;
	private timer: ReturnType<typeof setTimeout> | undefined;
	private abort = new AbortController();

	constructor(
		private readonly sink: Sink,
		private readonly observer: Observer,
		private readonly options: PollingOptions
	) {}

	start(): void {
		if (this.running) return;
		this.running = true;
		this.abort = new AbortController();
		globalThis.addEventListener?.('online', this.wake);
		globalThis.document?.addEventListener('visibilitychange', this.wake);
		void this.poll(this.era);
	}

	stop(): void {
		this.running = false;
		this.era++;
		clearTimeout(this.timer);
		this.abort.abort();
		globalThis.removeEventListener?.('online', this.wake);
		globalThis.document?.removeEventListener('visibilitychange', this.wake);
		this.say({ kind: 'reconnecting', fresh_at: this.freshAt });
	}

	restart(): void {
		this.freshAt = null;
		this.stop();
		this.subscriptions.reset();
		this.round = 0;
		this.failures = 0;
		this.start();
	}

	subscribe(topic: Topic, handlers: Handlers = {}): () => void {
		return this.subscriptions.add(topic, handlers);
	}

	watchPositions(bbox: Bbox, take: (rows: PositionRow[]) => void): PositionsWatch {
		return this.positions.add(bbox, take);
	}

	/** Nobody is told. */
	typing(): void {}

	private readonly wake = (): void => {
		if (!this.running || this.failures === 0) return;
		if (globalThis.document?.visibilityState === 'hidden') return;
		this.next(0);
	};

	private opened(subscription: Subscription): void {
		this.sink.wanted(subscription.topic);
		// A new topic does not wait for the next round.
		if (this.running && this.freshAt !== null) {
			this.read(subscription, this.era).catch(() => undefined); // the next round tells
		}
	}

	private next(wait_ms: number): void {
		clearTimeout(this.timer);
		const era = this.era;
		this.timer = setTimeout(() => void this.poll(era), wait_ms);
	}

	private async poll(era: number): Promise<void> {
		const asked_at = Date.now();
		try {
			if (this.round % whoami_rounds === 0) await this.ask(era);
			if (era !== this.era) return;
			await this.askLifecycle(era);
			if (era !== this.era) return;
			// One after the other: a page that polls is a guest. What is subscribed to meanwhile has its turn as well.
			const read = new Set<Subscription>();
			for (;;) {
				const next = this.subscriptions.all().find((subscription) => !read.has(subscription));
				if (!next) break;
				read.add(next);
				await this.read(next, era);
				if (era !== this.era) return;
			}
			await this.readPositions(era);
			if (era !== this.era) return;
		} catch (cause) {
			if (era === this.era) this.failed(cause);
			return;
		}
		this.round++;
		this.failures = 0;
		this.freshAt = asked_at;
		this.say({ kind: 'polling' });
		this.observer.inbox?.(inbox_parts);
		this.next(poll_every_ms);
	}

	private async ask(era: number): Promise<void> {
		const sent_at = Date.now();
		const { person_id, server_time } = await this.bounded((signal) => this.options.whoami(signal));
		if (era !== this.era) return;
		const offset_ms = this.clock.read(server_time, sent_at, Date.now());
		if (offset_ms !== null) this.observer.clock(offset_ms);
		this.observer.identity?.(person_id);
	}

	private async askLifecycle(era: number): Promise<void> {
		try {
			const lifecycle = await this.bounded((signal) => this.options.lifecycle(signal));
			if (era === this.era) this.observer.lifecycle?.(lifecycle);
		} catch (cause) {
			if (!isRefusal(cause)) throw cause; // a server of before there was this route
		}
	}

	private async read(subscription: Subscription, era: number): Promise<void> {
		const { id, topic } = subscription;
		const mark = this.sink.mark();
		let rows: Rows;
		try {
			rows = await this.bounded((signal) => this.options.fetchRows(topic, signal));
		} catch (cause) {
			if (!isRefusal(cause)) throw cause;
			for (const handlers of subscription.handlers) handlers.refused?.(cause.code);
			return;
		}
		if (era !== this.era || this.subscriptions.get(id) !== subscription) return;
		this.sink.rows(topic, rows, mark, subscription.ready);
		subscription.ready = true;
		if (rows.levels) this.sink.setLevels(rows.levels);
		tellReady(subscription);
		for (const { again } of [...subscription.handlers]) {
			if (again) await this.bounded(again);
			if (era !== this.era) return;
		}
	}

	private async readPositions(era: number): Promise<void> {
		for (const { id, bbox } of this.positions.all()) {
			try {
				const rows = await this.bounded((signal) => this.options.positions(bbox, signal));
				if (era !== this.era) return;
				this.positions.took(id, rows);
			} catch (cause) {
				if (!isRefusal(cause)) throw cause;
			}
		}
	}

	private failed(cause: unknown): void {
		if (hasStatus(cause, 401)) {
			this.stop();
			this.subscriptions.reset();
			this.observer.ended?.();
			return;
		}
		// Who comes back may be a server with a restored database: versions may have gone back.
		if (this.failures === 0) {
			for (const { topic } of this.subscriptions.all()) this.sink.resync(topic);
		}
		this.round = 0;
		this.say({ kind: 'reconnecting', fresh_at: this.freshAt });
		this.next(poll_every_ms / 3 + backoff_ms(this.failures++, this.options.random));
	}

	/** No request without a bound, and none that outlives a stop. */
	private bounded<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
		const bound = new AbortController();
		const stop = () => bound.abort();
		const timer = setTimeout(stop, poll_timeout_ms);
		this.abort.signal.addEventListener('abort', stop, { once: true });
		return call(bound.signal).finally(() => {
			clearTimeout(timer);
			this.abort.signal.removeEventListener('abort', stop);
		});
	}

	private say(status: Status): void {
		const same = status.kind === this.said && status.kind === 'polling';
		this.said = status.kind;
		if (!same) this.observer.status(status);
	}
}

function hasStatus(cause: unknown, status: number): boolean {
	return typeof cause === 'object' && cause !== null && 'status' in cause && cause.status === status;
}

/** This topic is not for the caller; the others go on. */
function isRefusal(cause: unknown): cause is { status: number; code: string } {
	return hasStatus(cause, 403) || hasStatus(cause, 404);
}
