import type { Edge, Level, Node } from '$lib/api/types';
import type { Added, Lifecycle, LiveEvent, Removed } from './connection';

/** What the server sends on the socket (docs/API.md). */
export type Frame =
	| { type: 'hello'; server_time: string; instance: string; version: string; person_id: string | null }
	| {
			type: 'subscribed';
			id: string;
			token: string;
			nodes?: Node[];
			edges?: Edge[];
			levels?: Record<string, Level>;
			truncated?: boolean;
	  }
	| { type: 'changes'; token: string; events: (LiveEvent | { op: 'hint'; topic?: string })[] }
	| ({ type: 'added'; token: string } & Added)
	| ({ type: 'removed'; token: string } & Removed)
	| { type: 'resync'; id: string }
	| ({ type: 'lifecycle' } & Lifecycle)
	| { type: 'pong'; server_time: string; fresh_at?: string | null }
	| { type: 'hint'; id?: string; topic?: string }
	| { type: 'error'; code: string; detail: string; id?: string };

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
