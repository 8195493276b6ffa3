import type { Connection } from './connection';

export type Wish = 'auto' | 'live' | 'polling';

/** How long the first render may wait to learn whether sockets get through. */
export const probe_limit_ms = 2_000;

/** What the address (`?connection=`) or the page (`<meta name="synops-connection">`) asks for. */
export function wishOf(query: string, meta: string | null): Wish {
	const asked = new URLSearchParams(query).get('connection') ?? meta;
	return asked === 'live' || asked === 'polling' ? asked : 'auto';
}

export interface Ways {
	live(): Connection;
	polling(): Connection;
	/** Resolves when a socket could be opened; rejects when not. */
	probe(limit_ms: number): Promise<void>;
	/** Whether the server answers plain requests. */
	answers(): Promise<boolean>;
}

/**
 * Chooses the one connection of this page's life. Polling only where requests
 * get through and sockets don't: while the server is away altogether, the live
 * one is the one that waits.
 */
export async function chooseConnection(wish: Wish, ways: Ways): Promise<Connection> {
	if (wish === 'polling') return ways.polling();
	if (wish === 'live') return ways.live();
	try {
		await ways.probe(probe_limit_ms);
		return ways.live();
	} catch {
		return (await ways.answers()) ? ways.polling() : ways.live();
	}
}

/** Opens a socket and closes it again. */
export function probeSocket(open: () => WebSocket, limit_ms: number): Promise<void> {
	return new Promise((resolve, reject) => {
		let socket: WebSocket;
		try {
			socket = open();
		} catch (cause) {
			reject(cause);
			return;
		}
		const done = (settle: () => void) => {
			clearTimeout(timer);
			socket.onopen = socket.onclose = socket.onerror = null;
			socket.close();
			settle();
		};
		const timer = setTimeout(() => done(() => reject(new Error('no socket in time'))), limit_ms);
		socket.onopen = () => done(resolve);
		socket.onerror = socket.onclose = () => done(() => reject(new Error('no socket')));
	});
}
