import { backoff_ms } from './backoff';

/** West, south, east, north, in degrees; the east may be beyond 180 where a window spans the date line. */
export type Bbox = [number, number, number, number];

/** Device, time (ms), longitude and latitude (°), speed (km/h), heading (°). */
export type PositionRow = [string, number, number, number, number | null, number | null];

/** How often one is told of a device that moves, at most. */
export const positions_per_second = 4;

/** Who looks at a window of the map. */
export interface PositionsWatch {
	move(bbox: Bbox): void;
	end(): void;
}

interface Watched {
	readonly id: string;
	bbox: Bbox;
	readonly take: (rows: PositionRow[]) => void;
}

/**
 * The windows of the map that are looked at. Positions are no part of the graph: each is the latest
 * of its device, and one that gets lost is made good by the next. So there is nothing to continue,
 * and a window is asked for anew by every socket.
 */
export class PositionWatches {
	private readonly watches = new Map<string, Watched>();
	private next = 1;

	constructor(
		/** Sends to the server, if there is one now. */
		private readonly send: (message: object) => void,
		private readonly random?: () => number
	) {}

	add(bbox: Bbox, take: (rows: PositionRow[]) => void): PositionsWatch {
		const watched: Watched = { id: `p${this.next++}`, bbox, take };
		this.watches.set(watched.id, watched);
		this.ask(watched);
		return {
			move: (to) => {
				watched.bbox = to;
				if (this.watches.has(watched.id)) this.ask(watched);
			},
			end: () => {
				if (this.watches.delete(watched.id)) this.send({ type: 'unsubscribe', id: watched.id });
			}
		};
	}

	all(): Watched[] {
		return [...this.watches.values()];
	}

	/** There is a new socket. */
	greeted(): void {
		for (const watched of this.all()) this.ask(watched);
	}

	took(id: string, rows: PositionRow[]): void {
		this.watches.get(id)?.take(rows);
	}

	/** Whether it was one of these. A server that can't now is asked again; who may not is not helped by asking. */
	refused(id: string, code: string): boolean {
		const watched = this.watches.get(id);
		if (!watched) return false;
		if (code === 'unavailable') setTimeout(() => this.watches.has(id) && this.ask(watched), 1_000 + backoff_ms(2, this.random));
		return true;
	}

	private ask({ id, bbox }: Watched): void {
		this.send({ type: 'subscribe', id, topic: 'positions', bbox, per_second: positions_per_second });
	}
}
