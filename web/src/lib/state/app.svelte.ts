import { untrack } from 'svelte';
import { getLifecycle, getMe, getRows } from '$lib/api/calls';
import { listPositionsIn } from '$lib/api/fleet';
import type { Me } from '$lib/api/types';
import { chooseConnection, probeSocket, wishOf, type Ways } from '$lib/live/choose';
import type { Connection, Handlers, Observer, Status, Topic } from '$lib/live/connection';
import { GraphStore } from '$lib/live/graph.svelte';
import { LiveConnection } from '$lib/live/live-connection';
import { PollingConnection } from '$lib/live/polling-connection';
import type { Bbox, PositionRow, PositionsWatch } from '$lib/live/positions';
import { announcements } from './announcements.svelte';
import { clock } from './clock.svelte';
import { lifecycle } from './lifecycle.svelte';
import { session } from './session.svelte';
import { signs } from './signs.svelte';

export const graph = new GraphStore();

/** How the page hears from the server, for whoever shows it. */
class Wire {
	status = $state.raw<Status>({ kind: 'reconnecting', fresh_at: null });
	kind = $state<Connection['kind']>('live');
}
export const wire = new Wire();

let connection: Connection | null = null;

const observer: Observer = {
	status: (status) => {
		wire.status = status;
		lifecycle.connectionIs(status);
	},
	clock: (offset_ms) => (clock.offset_ms = offset_ms),
	lifecycle: (told) => lifecycle.hear(told),
	inbox: (what) => signs.hear(what),
	version: (version) => lifecycle.versionIs(version),
	identity: (person_id) => {
		if (session.isSomeoneElse(person_id)) void becomeAnew();
	},
	ended: () => {
		session.ended = true;
		void becomeAnew();
	}
};

function openSocket(): WebSocket {
	const address = new URL('/api/v1/live', location.href);
	address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
	return new WebSocket(address);
}

const ways: Ways = {
	live: () => new LiveConnection(graph, observer, { open: openSocket }),
	polling: () =>
		new PollingConnection(graph, observer, {
			fetchRows: (topic, signal) => getRows(topic, signal),
			whoami: async () => {
				const me = await getMe();
				return { person_id: me.person?.id ?? null, server_time: me.server_time };
			},
			lifecycle: (signal) => getLifecycle(signal),
			positions: listPositionsIn
		}),
	probe: (limit_ms) => probeSocket(openSocket, limit_ms),
	answers: () => getMe().then(
		() => true,
		() => false
	)
};

/** Learns who looks at the page and how it will be kept up to date. Throws when no server answers. */
export async function boot(): Promise<void> {
	if (connection) return;
	const meta = document.querySelector<HTMLMetaElement>('meta[name="synops-connection"]');
	const wish = wishOf(location.search, meta?.content ?? null);
	const [chosen] = await Promise.all([chooseConnection(wish, ways), session.load().then(() => announcements.read())]);
	connection = chosen;
	wire.kind = chosen.kind;
	chosen.start();
}

/** Listens to a topic for as long as the caller (an effect) lives. */
export function follow(topic: Topic, handlers?: Handlers): () => void {
	return untrack(() => connection?.subscribe(topic, handlers)) ?? (() => undefined);
}

/** Hears where devices are, in a window of the map, until it is ended. */
export function watchPositions(bbox: Bbox, take: (rows: PositionRow[]) => void): PositionsWatch {
	return untrack(() => connection?.watchPositions(bbox, take)) ?? { move: () => undefined, end: () => undefined };
}

/** Somebody signed in on this page. */
export function enter(me: Me): void {
	graph.clear();
	session.take(me);
	connection?.restart();
}

/** Somebody else looks at the page: nothing of before may stay on it. */
export async function becomeAnew(): Promise<void> {
	graph.clear();
	await session.load().catch(() => undefined);
	graph.clear();
	connection?.restart();
}
