import { untrack } from 'svelte';
import { listDevices } from '$lib/api/fleet';
import { asApiError, type ApiError } from '$lib/api/problem';
import type { DeviceNode, Edge, GeofenceNode } from '$lib/api/types';
import { byTitle, isGeofence } from '$lib/graph/nodes';
import type { Bbox, PositionRow, PositionsWatch } from '$lib/live/positions';
import { follow, graph, watchPositions } from '$lib/state/app.svelte';
import { clock } from '$lib/state/clock.svelte';
import { Soon } from '$lib/state/soon';
import { crossed, isInside, joined, type Crossing } from './crossings';
import { DeviceOrder } from './devices';
import { isWithin, Positions, type Position } from './positions';

/** What the graph holds is looked at anew at most so often (ms). */
const look_every_ms = 200;
/** What rows show of positions is written anew so often (ms). */
const tick_every_ms = 500;
/** A socket has room for so many of these besides the rest. */
export const followed_fences_max = 40;
const page_rows = 200;

/** So many may all be heard of, wherever the map looks; of more only those that it shows. */
const heard_everywhere_max = 500;
/** The map's window is told of when it has rested so long (ms). */
const window_rests_ms = 300;

const everywhere: Bbox = [-180, -90, 180, 90];

/** What the page of the fleet shows: every device one may see, where each is, and who crosses which fence. */
export class Fleet {
	readonly positions = new Positions();
	devices = $state.raw<DeviceNode[]>([]);
	fences = $state.raw<GeofenceNode[]>([]);
	crossings = $state.raw<Crossing[]>([]);
	/** The first rows of the devices are here. */
	ready = $state(false);
	/** Not all devices could be read. */
	error = $state.raw<ApiError | null>(null);
	/** Rises while positions come, for rows that show them. */
	ticked = $state(0);
	/** Who is inside which fence, of those that are followed. */
	inside = $state.raw<ReadonlyMap<string, Edge>>(new Map());

	private readonly order = new DeviceOrder();
	private readonly looking = new Soon(() => untrack(() => this.look()), look_every_ms);
	private readonly ticking = new Soon(() => this.ticked++, tick_every_ms);
	private readonly readyFences = new Set<string>();
	private known = new Map<string, DeviceNode>();
	private watch: PositionsWatch | null = null;
	private window: Bbox = everywhere;
	private readonly showing = new Soon(() => this.watch?.move(this.window), window_rests_ms);
	private turn = 0;
	/** Told of each device that may be drawn otherwise now. */
	onchanged: (ids: string[]) => void = () => undefined;

	get(id: string): DeviceNode | undefined {
		return this.known.get(id);
	}

	/** For an effect: whenever the graph changes, soon. */
	stir(): void {
		void graph.stirred;
		this.looking.ask();
	}

	/** Begins to follow; answers what ends it. */
	start(): () => void {
		const ends = [
			follow('kind:device', { ready: () => void this.readAll(), refused: () => (this.ready = true) }),
			follow('kind:geofence')
		];
		this.watch = watchPositions(everywhere, (rows) => this.moved(rows));
		return () => {
			this.turn++;
			this.watch?.end();
			this.watch = null;
			for (const soon of [this.looking, this.ticking, this.showing]) soon.stop();
			for (const end of ends) end();
		};
	}

	/** Follows these fences; answers what ends it. */
	followFences(ids: string[]): () => void {
		const ends = ids.map((id) =>
			follow(`node:${id}`, {
				ready: () => {
					this.look();
					this.readyFences.add(id);
				}
			})
		);
		return () => {
			for (const id of ids) this.readyFences.delete(id);
			for (const end of ends) end();
		};
	}

	/** The map shows this now. */
	show(bbox: Bbox): void {
		const window = this.devices.length > heard_everywhere_max ? bbox : everywhere;
		if (window.join() === this.window.join()) return;
		this.window = window;
		this.showing.ask();
	}

	/** Where a device is now; what was heard of one that is out of the window may be old. */
	heard(id: string): Position | undefined {
		const position = this.positions.get(id);
		return position && isWithin(this.window, position) ? position : undefined;
	}

	/** With more devices than first rows hold the rest is read by pages. */
	private async readAll(): Promise<void> {
		const turn = ++this.turn;
		this.look();
		this.ready = true;
		if (!graph.truncated.has('kind:device')) return;
		let cursor: string | undefined;
		try {
			do {
				const mark = graph.mark();
				const page = await listDevices({ limit: page_rows, ...(cursor ? { cursor } : {}) });
				if (turn !== this.turn) return;
				graph.paged(page.items, mark);
				cursor = page.next_cursor ?? undefined;
			} while (cursor);
			this.error = null;
		} catch (cause) {
			if (turn === this.turn) this.error = asApiError(cause);
		}
	}

	private look(): void {
		const nodes = [...graph.nodes.values()];
		const devices = this.order.sorted(nodes);
		const changed = devices.filter((device) => this.known.get(device.id) !== device).map(({ id }) => id);
		if (changed.length > 0 || devices.length !== this.known.size) {
			const known = new Map(devices.map((device) => [device.id, device]));
			for (const id of this.known.keys()) {
				if (known.has(id)) continue;
				// Out of sight: nothing of it stays.
				this.positions.forget(id);
				changed.push(id);
			}
			this.known = known;
			this.devices = devices;
			this.onchanged(changed);
		}
		const fences = nodes.filter(isGeofence).sort(byTitle);
		if (fences.length !== this.fences.length || fences.some((fence, at) => fence !== this.fences[at])) this.fences = fences;
		this.lookInside();
	}

	private lookInside(): void {
		const after = new Map<string, Edge>();
		for (const edge of graph.edges.values()) if (isInside(edge)) after.set(edge.id, edge);
		const before = this.inside;
		if (after.size === before.size && [...after.keys()].every((id) => before.has(id))) return;
		const fresh = crossed(before, after, (id) => this.readyFences.has(id), (id) => graph.nodes.has(id), Date.now() + clock.offset_ms);
		this.inside = after;
		if (fresh.length > 0) this.crossings = joined(fresh, this.crossings);
	}

	private moved(rows: PositionRow[]): void {
		const ids = this.positions.take(rows);
		if (ids.length === 0) return;
		this.ticking.ask();
		this.onchanged(ids);
	}
}
