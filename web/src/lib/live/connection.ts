import type { Edge, Level, Node, NodeKind, Rows } from '$lib/api/types';
import type { Present } from '$lib/chat/connection';
import type { Lifecycle } from '$lib/lifecycle/types';
import type { Bbox, PositionRow, PositionsWatch } from './positions';

/**
 * `channel:` brings a channel's newest messages first, and then whatever changes in it. `kind:message` begins with
 * nothing: it is only listened to.
 */
export type Topic = `kind:${NodeKind}` | `node:${string}` | `channel:${string}`;

export type LiveEvent =
	| { op: 'upsert'; node: Node; edge?: undefined }
	| { op: 'upsert'; edge: Edge; node?: undefined }
	| { op: 'delete'; entity: 'node' | 'edge'; id: string; version: number };

export interface Added {
	scope_id: string;
	level: Level;
	nodes?: Node[];
	edges?: Edge[];
}
export interface Removed {
	scope_ids: string[];
	ids: { entity: 'node' | 'edge'; id: string; version: number }[];
}

/**
 * How fresh what the page shows is. `fresh_at` is in the browser's clock (ms):
 * when the data was last known to be level with the database, null before the
 * first time.
 */
export type Status =
	| { kind: 'live' }
	| { kind: 'polling' }
	| { kind: 'reconnecting'; fresh_at: number | null }
	| { kind: 'stale'; fresh_at: number };

/**
 * Where a connection puts what it receives. `mark` is what the sink answered
 * when the rows were asked for: the sink can tell what it learned since.
 */
export interface Sink {
	mark(): number;
	/** `again`: the question of before is asked again, and nothing broke in between. */
	rows(topic: Topic, rows: Rows, mark: number, again?: boolean): void;
	/** All that is granted to the viewer, by scope. */
	setLevels(levels: Record<string, Level>): void;
	changes(events: LiveEvent[]): void;
	added(added: Added): void;
	removed(removed: Removed): void;
	/** The topic's rows can't be continued: the next rows replace them whatever their versions. */
	resync(topic: Topic): void;
	/** Somebody subscribed to the topic. */
	wanted(topic: Topic): void;
	/** Nobody is subscribed to the topic any more. */
	dropped(topic: Topic): void;
}

export interface Handlers {
	/** The first rows are in the sink, or nothing was missed since they were. */
	ready?(): void;
	/** The server won't serve this topic. */
	refused?(code: string): void;
	/** Where one polls: reads what belongs to the topic but is not among its rows. The round fails with it. */
	again?(signal: AbortSignal): Promise<void>;
}

/** What is told to nobody but the viewer, and without its content. */
export const inbox_parts = ['notifications', 'dismissals', 'channels'] as const;
export type InboxPart = (typeof inbox_parts)[number];

/** What happens to the connection as a whole. */
export interface Observer {
	status(status: Status): void;
	/** Add to the browser's clock to get the server's, in ms. */
	clock(offset_ms: number): void;
	lifecycle?(lifecycle: Lifecycle): void;
	/** Something of the viewer's own may have changed: what is shown of it is read anew. */
	inbox?(what: readonly InboxPart[]): void;
	/** The program's version, as the server that answers now says. */
	version?(version: string): void;
	/** Who the server takes the caller for; null: anonymous. */
	identity?(person_id: string | null): void;
	/** The session or token ended; nothing is received until `restart`. */
	ended?(): void;
	/** Who has a channel open now, the viewer too. */
	presence?(channel_id: string, people: Present[]): void;
	/** The socket is gone, and with it what only holds while there is one. */
	cut?(): void;
}

/** One implementation is chosen at start (choose.ts) and never swapped while running. */
export interface Connection {
	readonly kind: 'live' | 'polling';
	start(): void;
	stop(): void;
	/** Begins anew as whoever the cookie now says: nothing of before is continued. */
	restart(): void;
	/** Several subscribers of one topic share one subscription. */
	subscribe(topic: Topic, handlers?: Handlers): () => void;
	/** Where devices are, in a window of the map: the latest of each, as often as they move. */
	watchPositions(bbox: Bbox, take: (rows: PositionRow[]) => void): PositionsWatch;
	/** Tells who has the channel open that the viewer is writing. Lost where there is no socket. */
	typing(channel_id: string): void;
}
