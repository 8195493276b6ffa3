import type { Bbox, PositionRow } from '$lib/live/positions';

export interface Position {
	at: number;
	longitude: number;
	latitude: number;
	speed_kmh: number | null;
	heading_deg: number | null;
}

/** The latest position of each device that was told of. An older one never takes the place of a newer. */
export class Positions {
	private readonly latest = new Map<string, Position>();

	get(id: string): Position | undefined {
		return this.latest.get(id);
	}

	/** Answers the devices that have moved. */
	take(rows: PositionRow[]): string[] {
		const moved: string[] = [];
		for (const [id, at, longitude, latitude, speed_kmh, heading_deg] of rows) {
			const held = this.latest.get(id);
			if (held && held.at > at) continue;
			this.latest.set(id, { at, longitude, latitude, speed_kmh, heading_deg });
			moved.push(id);
		}
		return moved;
	}

	forget(id: string): void {
		this.latest.delete(id);
	}

	get size(): number {
		return this.latest.size;
	}
}

/** Whether it is in a window, which may go beyond ±180°. */
export function isWithin([west, south, east, north]: Bbox, { longitude, latitude }: Pick<Position, 'longitude' | 'latitude'>): boolean {
	if (latitude < south || latitude > north) return false;
	return [longitude - 360, longitude, longitude + 360].some((turned) => turned >= west && turned <= east);
}
