import { untrack } from 'svelte';
import { getLifecycle, getMe, getRows } from '$lib/api/calls';
import { chatCalls } from '$lib/api/chat';
import { listPositionsIn } from '$lib/api/fleet';
import type { Me } from '$lib/api/types';
import { chatEars, startChat } from '$lib/chat/chat.svelte';
import type { Locks } from '$lib/chat/outbox.svelte';
import { browserStorage, Queue } from '$lib/chat/queue';
import { sayUnsent } from '$lib/chat/refusal';
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
		chatEars()?.status(status);
	},
	clock: (offset_ms) => (clock.offset_ms = offset_ms),
	lifecycle: (told) => lifecycle.hear(told),
	inbox: (what) => {
		signs.hear(what);
		chatEars()?.inbox(what);
	},
	presence: (channel_id, people) => chatEars()?.presence(channel_id, people),
	cut: () => chatEars()?.cut(),
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
	beginChat(chosen);
	chosen.start();
}

function beginChat(chosen: Connection): void {
	startChat(chosen, graph, {
		calls: chatCalls,
		mayWrite: ({ scope_id }) => session.reaches(graph.levels.get(scope_id), scope_id, 'member'),
		queue: new Queue(browserStorage()),
		unseen: sayUnsent,
		// A frame or so: also on a page that is not on screen, which has none.
		breathe: () => new Promise((resolve) => setTimeout(resolve, 16)),
		// Missing where the page comes by plain HTTP.
		locks: navigator.locks as Locks | undefined
	});
	chatEars()?.become(session.person?.id ?? null);
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
	chatEars()?.become(me.person?.id ?? null);
	connection?.restart();
}

/** Somebody else looks at the page: nothing of before may stay on it. */
export async function becomeAnew(): Promise<void> {
	graph.clear();
	chatEars()?.become(null);
	await session.load().catch(() => undefined);
	graph.clear();
	chatEars()?.become(session.person?.id ?? null);
	connection?.restart();
}
