import type { Edge, Level, Node } from '$lib/api/types';
import type { Present } from '$lib/chat/connection';
import type { Lifecycle } from '$lib/lifecycle/types';
import type { Added, InboxPart, LiveEvent, Removed } from './connection';
import type { PositionRow } from './positions';

/** What the server sends on the socket (docs/API.md). */
export type Frame =
	| { type: 'hello'; server_time: string; instance: string; version: string; person_id: string | null }
	/** Without `nodes` the stream is continued: what one has still holds. */
	| ({ type: 'subscribed'; levels?: Record<string, Level> } & RowsFrame)
	/** More of the first rows. */
	| ({ type: 'rows' } & RowsFrame)
	| { type: 'changes'; token: string | null; events: LiveEvent[] }
	| ({ type: 'added'; token: string | null } & Added)
	| ({ type: 'removed'; token: string | null } & Removed)
	| { type: 'resync'; id: string }
	/** The latest of each device in a window that moved: first all there, then what is new. */
	| { type: 'positions'; id: string; rows: PositionRow[] }
	/** `retry_after_ms`: it closes the socket now, and wants this one back so much later. */
	| ({ type: 'lifecycle'; retry_after_ms?: number } & Lifecycle)
	/** Something of one's own has changed: read it anew. */
	| { type: 'inbox'; what: InboxPart[] }
	/** Who has a channel open that one is subscribed to. */
	| { type: 'presence'; channel_id: string; people: Present[] }
	| { type: 'pong'; server_time: string; fresh_at: string | null }
	| { type: 'error'; code: string; detail: string; id?: string };

/** First rows come in frames of a bounded size; only the last carries the token. */
export interface RowsFrame {
	id: string;
	token: string | null;
	nodes?: Node[];
	edges?: Edge[];
	truncated?: boolean;
	more?: boolean;
}

export const close = {
	restart: 1012,
	ended: 4401,
	slow: 4408,
	crowded: 4429
} as const;

/** The frame, or null for what is not one. */
export function parseFrame(data: unknown): Frame | null {
	if (typeof data !== 'string') return null;
	try {
		const value: unknown = JSON.parse(data);
		const typed = typeof value === 'object' && value !== null && 'type' in value;
		return typed ? (value as Frame) : null;
	} catch {
		return null;
	}
}
