import type { Connection } from '$lib/live/connection';
import type { GraphStore } from '$lib/live/graph.svelte';
import type { ChatConnection } from './connection';
import type { ChatEars } from './ears';
import { LiveChat, type ChatOptions } from './live-chat';
import { PollingChat } from './polling-chat';

let chosen: (ChatConnection & ChatEars) | null = null;

/** The one of this page's life. */
export function chat(): ChatConnection {
	if (!chosen) throw new Error('chat before the start of the page');
	return chosen;
}

/** Nobody has to hear anything before the page has started. */
export function chatEars(): ChatEars | null {
	return chosen;
}

/** Chosen with the connection, and never swapped. */
export function startChat(connection: Connection, graph: GraphStore, options: ChatOptions): void {
	chosen = connection.kind === 'live' ? new LiveChat(connection, graph, options) : new PollingChat(connection, graph, options);
}
