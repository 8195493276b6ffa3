import { nothingAhead, type Lifecycle } from '$lib/lifecycle/types';
import { backoff_ms } from './backoff';
import { ClockOffset } from './clock';
import { inbox_parts } from './connection';
import type { Connection, Handlers, Observer, Sink, Status, Topic } from './connection';
import { PositionWatches, type Bbox, type PositionRow, type PositionsWatch } from './positions';
import { close, parseFrame, type Frame, type RowsFrame } from './protocol';
import { Subscriptions, tellReady, type Subscription } from './subscriptions';

export const ping_every_ms = 10_000;
export const pong_timeout_ms = 5_000;
/** From the first byte sent to `hello`. */
export const open_timeout_ms = 10_000;
/** From `hello` until every subscription is answered. */
export const catch_up_timeout_ms = 30_000;
/** A subscription that has to begin anew may take so long before the page says so. */
export const resync_grace_ms = 1_000;
/** However much later the server wants us back, we look again after so long. */
export const retry_after_limit_ms = 60_000;
/** Older than this on the server's own word, and the data is not live. */
export const fresh_limit_ms = 5_000;

export interface LiveOptions {
	open: () => WebSocket;
	random?: () => number;
}

type Timer = ReturnType<typeof setTimeout>;

/**
 * The WebSocket way: tries for ever, goes on where it was (each subscription
 * with its token), and never calls data live that the server does not vouch for.
 */
export class LiveConnection implements Connection {
	readonly kind = 'live';
	private readonly subscriptions = new Subscriptions(
		(subscription) => this.opened(subscription),
		(subscription) => this.closed(subscription)
	);
	private readonly positions: PositionWatches;
	private readonly clock = new ClockOffset();
	private socket: WebSocket | null = null;
	private greeted = false;
	private greetedAt = 0;
	/** Asked for at (re)connect and not yet answered: until then the page lags. */
	private readonly catchingUp = new Set<string>();
	private running = false;
	private attempt = 0;
	/** When the server, about to close, wants us back; null: we choose. */
	private retryAfter_ms: number | null = null;
	/** Said since `hello`; the server is silent when there is nothing to tell. */
	private lifecycleTold = false;
	private liveSince: number | null = null;
	private freshAt: number | null = null;
	private pingedAt: number | null = null;
	private readonly timers: { retry?: Timer; ping?: Timer; limit?: Timer } = {};
	private status: Status = { kind: 'reconnecting', fresh_at: null };

	constructor(
		private readonly sink: Sink,
		private readonly observer: Observer,
		private readonly options: LiveOptions
	) {
		this.positions = new PositionWatches((message) => this.greeted && this.send(message), options.random);
	}

	start(): void {
		if (this.running) return;
		this.running = true;
		this.attempt = 0;
		globalThis.addEventListener?.('online', this.wake);
		globalThis.document?.addEventListener('visibilitychange', this.wake);
		this.connect();
	}

	stop(): void {
		this.running = false;
		globalThis.removeEventListener?.('online', this.wake);
		globalThis.document?.removeEventListener('visibilitychange', this.wake);
		this.drop();
		this.say({ kind: 'reconnecting', fresh_at: this.freshAt });
	}

	restart(): void {
		this.subscriptions.reset();
		this.freshAt = null;
		this.drop();
		this.say({ kind: 'reconnecting', fresh_at: null });
		this.attempt = 0;
		this.running = false;
		this.start();
	}

	subscribe(topic: Topic, handlers: Handlers = {}): () => void {
		return this.subscriptions.add(topic, handlers);
	}

	watchPositions(bbox: Bbox, take: (rows: PositionRow[]) => void): PositionsWatch {
		return this.positions.add(bbox, take);
	}

	typing(channel_id: string): void {
		if (this.greeted) this.send({ type: 'typing', channel_id });
	}

	/** The network is back, or somebody looks at the page again: find out at once. */
	private readonly wake = (): void => {
		if (!this.running || globalThis.document?.visibilityState === 'hidden') return;
		if (this.greeted) this.ping();
		else if (!this.socket) this.connect();
	};

	private connect(): void {
		clearTimeout(this.timers.retry);
		let socket: WebSocket;
		try {
			socket = this.options.open();
		} catch {
			this.retry();
			return;
		}
		this.socket = socket;
		const mine = (act: () => void) => () => this.socket === socket && act();
		this.timers.limit = setTimeout(mine(() => this.lost()), open_timeout_ms);
		socket.onmessage = (event) => {
			if (this.socket === socket) this.received(event.data);
		};
		socket.onclose = (event) => {
			if (this.socket === socket) this.lost(event.code);
		};
		socket.onerror = () => undefined; // `close` follows
	}

	/** Lets go of the socket without waiting for its close: a dead network never sends one. */
	private drop(): void {
		const socket = this.socket;
		if (this.greeted) this.observer.cut?.();
		this.socket = null;
		this.greeted = false;
		this.pingedAt = null;
		this.catchingUp.clear();
		clearTimeout(this.timers.retry);
		clearTimeout(this.timers.ping);
		clearTimeout(this.timers.limit);
		if (socket && socket.readyState <= 1) socket.close();
	}

	private lost(code?: number): void {
		const lived_ms = this.liveSince === null ? 0 : Date.now() - this.liveSince;
		this.liveSince = null;
		// Only a connection that held for a while makes the next try an early one.
		if (lived_ms > ping_every_ms) this.attempt = 0;
		this.drop();
		this.say({ kind: 'reconnecting', fresh_at: this.freshAt });
		if (code === close.ended) {
			this.running = false;
			this.subscriptions.reset();
			this.observer.ended?.();
			return;
		}
		if (code === close.crowded) this.attempt = Math.max(this.attempt, 5);
		this.retry();
	}

	private retry(): void {
		const jitter_ms = backoff_ms(this.attempt++, this.options.random);
		const wait_ms = jitter_ms + Math.min(this.retryAfter_ms ?? 0, retry_after_limit_ms);
		this.retryAfter_ms = null;
		this.timers.retry = setTimeout(() => this.running && this.connect(), wait_ms);
	}

	private opened(subscription: Subscription): void {
		this.sink.wanted(subscription.topic);
		if (this.greeted) this.ask(subscription);
	}

	private closed({ id, topic }: Subscription): void {
		this.sink.dropped(topic);
		if (this.greeted) this.send({ type: 'unsubscribe', id });
		this.answered(id);
	}

	private ask(subscription: Subscription): void {
		const { id, topic, token } = subscription;
		subscription.partial = null;
		subscription.mark = this.sink.mark();
		this.send({ type: 'subscribe', id, topic, ...(token ? { since: token } : {}) });
	}

	private send(message: object): void {
		if (this.socket?.readyState === 1) this.socket.send(JSON.stringify(message));
	}

	private ping(): void {
		clearTimeout(this.timers.ping);
		this.timers.ping = setTimeout(() => this.ping(), ping_every_ms);
		if (this.pingedAt !== null) return; // one is under way
		this.pingedAt = Date.now();
		this.send({ type: 'ping' });
		clearTimeout(this.timers.limit);
		this.timers.limit = setTimeout(() => this.lost(), pong_timeout_ms);
	}

	private received(data: unknown): void {
		const frame = parseFrame(data);
		if (!frame) {
			this.lost();
			return;
		}
		// Any word of the server shows that it is there; a pong may queue behind data.
		if (this.pingedAt !== null) {
			clearTimeout(this.timers.limit);
			this.timers.limit = setTimeout(() => this.lost(), pong_timeout_ms);
		}
		this.handle(frame);
	}

	private handle(frame: Frame): void {
		switch (frame.type) {
			case 'hello':
				return this.hello(frame);
			case 'subscribed':
				if (frame.levels) this.sink.setLevels(frame.levels);
				return this.subscribed(frame);
			case 'rows':
				return this.subscribed(frame);
			case 'changes':
				this.sink.changes(frame.events);
				return this.moved(frame.token);
			case 'added':
				this.sink.added(frame);
				return this.moved(frame.token);
			case 'removed':
				this.sink.removed(frame);
				return this.moved(frame.token);
			case 'positions':
				return this.positions.took(frame.id, frame.rows);
			case 'resync':
				return this.resync(frame.id);
			case 'lifecycle':
				this.retryAfter_ms = frame.retry_after_ms ?? null;
				return this.tellLifecycle(frame);
			case 'inbox':
				return this.observer.inbox?.(frame.what);
			case 'presence':
				return this.observer.presence?.(frame.channel_id, frame.people);
			case 'pong':
				return this.pong(frame.server_time, frame.fresh_at);
			case 'error':
				if (frame.id) this.refused(frame.id, frame.code);
		}
	}

	private hello(frame: Frame & { type: 'hello' }): void {
		const socket = this.socket;
		clearTimeout(this.timers.limit);
		this.observer.identity?.(frame.person_id ?? null);
		if (this.socket !== socket) return; // somebody else than before: it was restarted
		this.greeted = true;
		this.greetedAt = Date.now();
		this.lifecycleTold = false;
		this.retryAfter_ms = null;
		this.observer.version?.(frame.version);
		this.tellClock(frame.server_time, Date.now());
		// Nobody kept what was told while there was no socket.
		this.observer.inbox?.(inbox_parts);
		for (const subscription of this.subscriptions.all()) {
			this.catchingUp.add(subscription.id);
			this.ask(subscription);
		}
		this.positions.greeted();
		this.ping();
		this.level();
	}

	private subscribed(frame: RowsFrame): void {
		const subscription = this.subscriptions.get(frame.id);
		if (!subscription) return;
		if (frame.nodes) {
			const before = subscription.partial ?? { nodes: [], edges: [] };
			const nodes = [...before.nodes, ...frame.nodes];
			const edges = [...before.edges, ...(frame.edges ?? [])];
			subscription.partial = frame.more ? { nodes, edges } : null;
			if (frame.more) return;
			const { truncated } = frame;
			this.sink.rows(subscription.topic, { nodes, edges, truncated }, subscription.mark);
			// Without a token yet, a cut now means the first rows once more.
			subscription.token = frame.token;
		} else {
			subscription.token = frame.token ?? subscription.token;
		}
		subscription.ready = true;
		tellReady(subscription);
		this.answered(frame.id);
	}

	private resync(id: string): void {
		const subscription = this.subscriptions.get(id);
		if (!subscription) return;
		this.sink.resync(subscription.topic);
		subscription.token = null;
		this.askAgain(subscription);
	}

	/** The topic is not running for now; the page says so if it lasts. */
	private askAgain(subscription: Subscription, wait_ms = 0): void {
		subscription.ready = false;
		this.catchingUp.add(subscription.id);
		this.greetedAt = Date.now();
		const socket = this.socket;
		const still = () => this.socket === socket && this.catchingUp.has(subscription.id);
		if (wait_ms === 0) this.ask(subscription);
		else setTimeout(() => still() && this.ask(subscription), wait_ms);
		setTimeout(() => {
			if (still()) this.say({ kind: 'reconnecting', fresh_at: this.freshAt });
		}, resync_grace_ms);
	}

	private refused(id: string, code: string): void {
		if (this.positions.refused(id, code)) return;
		const subscription = this.subscriptions.get(id);
		if (subscription && code === 'unavailable') {
			this.askAgain(subscription, resync_grace_ms + backoff_ms(2, this.options.random));
			return;
		}
		for (const handlers of this.subscriptions.get(id)?.handlers ?? []) handlers.refused?.(code);
		this.answered(id);
	}

	private answered(id: string): void {
		if (this.catchingUp.delete(id)) this.level();
	}

	/** All running streams stand at this token now. */
	private moved(token: string | null): void {
		for (const subscription of token === null ? [] : this.subscriptions.all()) {
			if (subscription.ready) subscription.token = token;
		}
		if (this.catchingUp.size === 0) this.freshAt = Date.now();
	}

	private level(): void {
		if (!this.greeted || this.catchingUp.size > 0) return;
		this.liveSince ??= Date.now();
		this.freshAt = Date.now();
		this.say({ kind: 'live' });
	}

	/** `fresh_at` is null while the server never was level with its database. */
	private pong(server_time: string, fresh_at: string | null): void {
		clearTimeout(this.timers.limit);
		this.tellClock(server_time, this.pingedAt ?? Date.now());
		this.pingedAt = null;
		// What there is to tell comes before the answer to the first ping.
		if (!this.lifecycleTold) this.tellLifecycle({ ...nothingAhead, server_time });
		if (this.catchingUp.size > 0) {
			if (Date.now() - this.greetedAt > catch_up_timeout_ms) this.lost();
			return;
		}
		const fresh = fresh_at === null ? NaN : Date.parse(fresh_at);
		const behind_ms = Math.max(0, Date.parse(server_time) - fresh);
		if (!Number.isNaN(behind_ms)) this.freshAt = Date.now() - behind_ms;
		// Not a number is no word that the data is fresh.
		if (behind_ms <= fresh_limit_ms) this.say({ kind: 'live' });
		else this.say({ kind: 'stale', fresh_at: this.freshAt ?? Date.now() });
	}

	/** A server of before windows were told of leaves `window` out. */
	private tellLifecycle({ phase, server_time, window }: Lifecycle): void {
		this.lifecycleTold = true;
		this.observer.lifecycle?.({ phase, server_time, window: window ?? null });
	}

	private tellClock(server_time: string, sent_at: number): void {
		const offset_ms = this.clock.read(server_time, sent_at, Date.now());
		if (offset_ms !== null) this.observer.clock(offset_ms);
	}

	private say(status: Status): void {
		const same = status.kind === this.status.kind && status.kind === 'live';
		this.status = status;
		if (!same) this.observer.status(status);
	}
}
