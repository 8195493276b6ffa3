import { WebSocket as NodeSocket } from 'ws';
import { vi } from 'vitest';
import type { Rows } from '$lib/api/types';
import type { Lifecycle } from '$lib/lifecycle/types';
import type { Present } from '$lib/chat/connection';
import type { Connection, InboxPart, Observer, Status } from '../connection';
import { GraphStore } from '../graph.svelte';
import { LiveConnection } from '../live-connection';
import { PollingConnection } from '../polling-connection';
import { TestServer } from './server';

/** A connection with a store behind it and a server before it, and all it said on the way. */
export class Rig {
	readonly graph = new GraphStore();
	readonly statuses: Status[] = [];
	readonly identities: (string | null)[] = [];
	readonly lifecycles: Lifecycle[] = [];
	readonly versions: string[] = [];
	/** How often each part of the inbox was to be read anew. */
	readonly inbox: Record<InboxPart, number> = { notifications: 0, dismissals: 0, channels: 0 };
	readonly connection: Connection;
	/** When each socket was opened, on the fake clock. */
	readonly opened: number[] = [];
	clock_ms: number | null = null;
	ended = 0;
	/** Of each channel, until the socket is cut. */
	readonly presences = new Map<string, Present[]>();
	/** Who else listens, such as chat. */
	readonly also: Observer[] = [];
	random = () => 0.5;

	constructor(
		kind: Connection['kind'],
		readonly server = new TestServer()
	) {
		const observer: Observer = {
			status: (status) => {
				this.statuses.push(status);
				for (const other of this.also) other.status(status);
			},
			clock: (offset_ms) => (this.clock_ms = offset_ms),
			identity: (person_id) => this.identities.push(person_id),
			lifecycle: (lifecycle) => this.lifecycles.push(lifecycle),
			inbox: (what) => {
				what.forEach((part) => this.inbox[part]++);
				for (const other of this.also) other.inbox?.(what);
			},
			presence: (channel_id, people) => {
				this.presences.set(channel_id, people);
				for (const other of this.also) other.presence?.(channel_id, people);
			},
			cut: () => {
				this.presences.clear();
				for (const other of this.also) other.cut?.();
			},
			version: (version) => this.versions.push(version),
			ended: () => this.ended++
		};
		const random = () => this.random();
		this.connection =
			kind === 'live'
				? new LiveConnection(this.graph, observer, { open: () => this.openSocket(), random })
				: new PollingConnection(this.graph, observer, {
						fetchRows: (topic, signal) => this.get<Rows>(`/live/rows?topic=${topic}`, signal),
						whoami: (signal) => this.get('/me', signal),
						lifecycle: (signal) => this.get('/lifecycle', signal),
						positions: (bbox, signal) => this.get(`/positions?bbox=${bbox}`, signal),
						random
					});
	}

	get status(): Status | undefined {
		return this.statuses.at(-1);
	}

	titles(): string[] {
		return [...this.graph.nodes.values()].map((node) => node.title).sort();
	}

	async end(): Promise<void> {
		this.connection.stop();
		vi.useRealTimers();
		await this.server.kill();
	}

	openSocket(): WebSocket {
		this.opened.push(Date.now());
		return new NodeSocket(`ws://${this.server.address}/`) as unknown as WebSocket;
	}

	private async get<T>(path: string, signal: AbortSignal): Promise<T> {
		const answer = await fetch(`http://${this.server.address}${path}`, { signal });
		const body = (await answer.json()) as T;
		if (!answer.ok) throw Object.assign(new Error('refused'), { status: answer.status, code: 'refused' });
		return body;
	}
}
