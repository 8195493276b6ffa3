import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Edge, Node, Rows } from '$lib/api/types';
import { nothingAhead, type Lifecycle } from '$lib/lifecycle/types';
import type { InboxPart, LiveEvent } from '../connection';
import type { Bbox, PositionRow } from '../positions';
import { TestChannels } from './channels';

interface Seen {
	type: string;
	id?: string;
	topic?: string;
	since?: string;
	bbox?: Bbox;
	channel_id?: string;
}

/**
 * A small server that speaks docs/API.md over real sockets and HTTP: what a
 * connection is tested against. It keeps its rows while it is down, as a
 * database does.
 */
export class TestServer {
	readonly nodes = new Map<string, Node>();
	readonly edges = new Map<string, Edge>();
	/** Scopes the caller has lost. */
	readonly hidden = new Set<string>();
	readonly log: LiveEvent[] = [];
	readonly seen: Seen[] = [];
	/** Where devices are. */
	readonly positions = new Map<string, PositionRow>();
	/** Windows of the map that are looked at, by socket and name. */
	private readonly windows = new Map<WebSocket, Map<string, Bbox>>();
	readonly chat = new TestChannels(
		(node) => this.publish({ op: 'upsert', node }),
		(scope_id) => this.hidden.has(scope_id)
	);
	person_id: string | null = 'kari';
	/** Raised by a restore: tokens of before can't be continued. */
	epoch = 1;
	/** Answers nothing more, but keeps its sockets: a network that swallows everything. */
	mute = false;
	/** Refuses sockets: a network that lets only plain requests through. */
	socketsBlocked = false;
	/** The session has ended: requests get 401. */
	ended = false;
	/** How far behind its database it says it is. */
	lag_ms: number | null = 0;
	/** First rows are cut into frames of so many nodes. */
	rowsPerFrame = 1_000;
	/** Answers the next `subscribe` with this error. */
	refuseNext: string | null = null;
	/** How many answers to `subscribe` carried first rows. */
	rowsSent = 0;
	/** What it tells of its lifecycle; nothing after `hello` while there is nothing to tell. */
	lifecycle: Pick<Lifecycle, 'phase' | 'window'> = nothingAhead;
	version = '0';
	requests = 0;
	/** Before an answer to `/live/rows` is sent, but after it was read. */
	hold: Promise<void> = Promise.resolve();

	private http: Server | null = null;
	private sockets: WebSocketServer | null = null;
	private readonly topics = new Map<WebSocket, Map<string, string>>();
	private port = 0;

	async start(): Promise<void> {
		const http = createServer((request, response) => void this.answer(request, response));
		const sockets = new WebSocketServer({ noServer: true });
		http.on('upgrade', (request, socket, head) => {
			if (this.socketsBlocked) socket.destroy();
			else sockets.handleUpgrade(request, socket, head, (opened) => this.greet(opened));
		});
		await new Promise<void>((resolve) => http.listen(this.port, '127.0.0.1', resolve));
		this.port = (http.address() as AddressInfo).port;
		this.http = http;
		this.sockets = sockets;
	}

	/** Tells everybody how its lifecycle goes on. */
	tell(lifecycle: Pick<Lifecycle, 'phase' | 'window'>, retry_after_ms?: number): void {
		this.lifecycle = lifecycle;
		this.send({ ...this.lifecycleFrame(), ...(retry_after_ms === undefined ? {} : { retry_after_ms }) });
	}

	/** Something of the caller's own has changed. */
	sign(...what: InboxPart[]): void {
		this.send({ type: 'inbox', what });
	}

	/** As kill -9 would: no close frame, no goodbye. */
	async kill(): Promise<void> {
		const { http } = this;
		for (const socket of this.topics.keys()) socket.terminate();
		this.topics.clear();
		this.sockets?.close();
		http?.closeAllConnections();
		await new Promise((resolve) => (http ? http.close(resolve) : resolve(null)));
		this.http = null;
	}

	get address(): string {
		return `127.0.0.1:${this.port}`;
	}
	get open(): number {
		return this.topics.size;
	}

	put(...nodes: Node[]): void {
		for (const node of nodes) this.nodes.set(node.id, node);
		this.publish(...nodes.map((node): LiveEvent => ({ op: 'upsert', node })));
	}

	link(edge: Edge): void {
		this.edges.set(edge.id, edge);
		this.publish({ op: 'upsert', edge });
	}

	/** A device is here now. */
	place(...row: PositionRow): void {
		this.positions.set(row[0], row);
		for (const [socket, windows] of this.windows) {
			for (const [id, bbox] of windows) if (isIn(bbox, row)) this.reply(socket, { type: 'positions', id, rows: [row] });
		}
	}

	delete(id: string): void {
		const version = (this.nodes.get(id)?.version ?? 0) + 1;
		this.nodes.delete(id);
		this.publish({ op: 'delete', entity: 'node', id, version });
	}

	revoke(scope_id: string): void {
		this.hidden.add(scope_id);
		this.send({ type: 'removed', token: this.token(), scope_ids: [scope_id], ids: [] });
	}

	grant(scope_id: string): void {
		this.hidden.delete(scope_id);
		const nodes = [...this.nodes.values()].filter((node) => node.scope_id === scope_id);
		this.send({ type: 'added', token: this.token(), scope_id, level: 'member', nodes, edges: [] });
		for (const [socket, topics] of this.topics) {
			for (const [id, topic] of topics) if (topic === `channel:${scope_id}`) this.reply(socket, { type: 'resync', id });
		}
	}

	publish(...events: LiveEvent[]): void {
		this.log.push(...events);
		this.send({ type: 'changes', token: this.token(), events: this.seenOf(events) });
	}

	private seenOf(events: LiveEvent[]): LiveEvent[] {
		return events.filter((event) => event.op !== 'upsert' || !event.node || !this.hidden.has(event.node.scope_id));
	}

	send(frame: object | string): void {
		if (this.mute) return;
		const data = typeof frame === 'string' ? frame : JSON.stringify(frame);
		for (const socket of this.topics.keys()) socket.send(data);
	}

	close(code: number): void {
		for (const socket of this.topics.keys()) socket.close(code);
	}

	/** After a restore: rows may be older than what was sent before. */
	restore(...nodes: Node[]): void {
		this.epoch++;
		this.log.length = 0;
		this.nodes.clear();
		for (const node of nodes) this.nodes.set(node.id, node);
	}

	private lifecycleFrame(): object {
		return { type: 'lifecycle', server_time: now(), ...this.lifecycle };
	}

	private token(): string {
		return `${this.epoch}.${this.log.length}`;
	}

	private rows(topic: string): Rows {
		const [what, value] = topic.split(':');
		if (topic === 'kind:message') return { truncated: true };
		if (what === 'channel') return this.chat.rows(value ?? '');
		const seen = [...this.nodes.values()].filter((node) => !this.hidden.has(node.scope_id));
		if (what === 'kind') return { nodes: seen.filter((node) => node.kind === value), edges: [] };
		if (what !== 'node') return {};
		const edges = [...this.edges.values()].filter((edge) =>
			[edge.source_id, edge.target_id].includes(value ?? '')
		);
		const ends = new Set([value, ...edges.flatMap((edge) => [edge.source_id, edge.target_id])]);
		return { nodes: seen.filter((node) => ends.has(node.id)), edges };
	}

	private greet(socket: WebSocket): void {
		this.topics.set(socket, new Map());
		this.windows.set(socket, new Map());
		socket.on('close', () => {
			this.topics.delete(socket);
			this.windows.delete(socket);
		});
		socket.on('message', (data) => this.received(socket, JSON.parse(String(data)) as Seen));
		const { person_id } = this;
		this.reply(socket, { type: 'hello', server_time: now(), instance: 'test', version: this.version, person_id });
		if (this.lifecycle !== nothingAhead) this.reply(socket, this.lifecycleFrame());
	}

	private received(socket: WebSocket, message: Seen): void {
		this.seen.push(message);
		const { id, topic } = message;
		if (message.type === 'ping') {
			const fresh_at = this.lag_ms === null ? null : new Date(Date.now() - this.lag_ms).toISOString();
			this.reply(socket, { type: 'pong', server_time: now(), fresh_at });
		} else if (message.type === 'subscribe' && id && topic === 'positions' && message.bbox) {
			this.look(socket, id, message.bbox);
		} else if (message.type === 'subscribe' && id && topic) {
			this.subscribe(socket, id, topic, message.since);
		} else if (message.type === 'unsubscribe' && id) {
			this.topics.get(socket)?.delete(id);
			this.windows.get(socket)?.delete(id);
		}
	}

	private look(socket: WebSocket, id: string, bbox: Bbox): void {
		this.windows.get(socket)?.set(id, bbox);
		this.reply(socket, { type: 'subscribed', id });
		this.reply(socket, { type: 'positions', id, rows: this.within(bbox) });
	}

	private within(bbox: Bbox): PositionRow[] {
		return [...this.positions.values()].filter((row) => isIn(bbox, row));
	}

	private subscribe(socket: WebSocket, id: string, topic: string, since?: string): void {
		if (this.refuseNext) {
			this.reply(socket, { type: 'error', code: this.refuseNext, detail: '', id });
			this.refuseNext = null;
			return;
		}
		const [epoch, position] = (since ?? '').split('.').map(Number);
		if (since && epoch !== this.epoch) {
			this.reply(socket, { type: 'resync', id });
			return;
		}
		this.topics.get(socket)?.set(id, topic);
		if (!since) this.rowsSent++;
		if (since) this.reply(socket, { type: 'subscribed', id, token: this.token(), levels: {} });
		else this.sendRows(socket, id, topic);
		const missed = since ? this.seenOf(this.log.slice(position)) : [];
		if (missed.length) this.reply(socket, { type: 'changes', token: this.token(), events: missed });
	}

	private sendRows(socket: WebSocket, id: string, topic: string): void {
		const { nodes = [], edges = [], truncated = false } = this.rows(topic);
		for (let from = 0; from === 0 || from < nodes.length; from += this.rowsPerFrame) {
			const more = from + this.rowsPerFrame < nodes.length;
			this.reply(socket, {
				type: from === 0 ? 'subscribed' : 'rows',
				id,
				token: more ? null : this.token(),
				...(from === 0 ? { levels: { scope: 'member' } } : {}),
				truncated,
				nodes: nodes.slice(from, from + this.rowsPerFrame),
				edges: more ? [] : edges,
				more
			});
		}
	}

	private reply(socket: WebSocket, frame: object): void {
		if (!this.mute) socket.send(JSON.stringify(frame));
	}

	private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		this.requests++;
		if (this.mute) return;
		const { status, body } = await this.answerTo(request);
		const text = JSON.stringify(body);
		await this.hold;
		if (status === 0) {
			request.socket.destroy();
			return;
		}
		response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
		response.end(text);
	}

	private async answerTo(request: IncomingMessage): Promise<{ status: number; body: unknown }> {
		const url = new URL(request.url ?? '/', 'http://test');
		if (this.ended) return { status: 401, body: { code: 'unauthenticated' } };
		const { method = 'GET', headers } = request;
		const text = method === 'GET' ? '' : await bodyOf(request);
		const chat = await this.chat.answer({
			method,
			path: url.pathname.slice(1).split('/').map(decodeURIComponent),
			query: url.searchParams,
			body: text ? (JSON.parse(text) as Record<string, unknown>) : {},
			person_id: this.person_id,
			ifMatch: headers['if-match'] ?? null
		});
		return chat ?? { status: 200, body: this.read(url) };
	}

	private read({ pathname, searchParams }: URL): unknown {
		if (pathname === '/me') return { person_id: this.person_id, server_time: now() };
		if (pathname === '/lifecycle') return { server_time: now(), ...this.lifecycle };
		if (pathname === '/positions') return this.within((searchParams.get('bbox') ?? '').split(',').map(Number) as Bbox);
		return this.rows(searchParams.get('topic') ?? '');
	}
}

async function bodyOf(request: IncomingMessage): Promise<string> {
	let text = '';
	for await (const part of request) text += String(part);
	return text;
}

const now = () => new Date().toISOString();

function isIn([west, south, east, north]: Bbox, [, , longitude, latitude]: PositionRow): boolean {
	return longitude >= west && longitude <= east && latitude >= south && latitude <= north;
}
