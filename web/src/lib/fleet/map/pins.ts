import type { GeoJSONSource, GeoJSONSourceDiff } from 'maplibre-gl';
import { diffOf, type Pin } from './features';

/** Drawn anew at most so often (ms): the eye sees no more, and the map's worker has to keep up. */
export const draw_every_ms = 250;

/** So many at once: more would hold the page up, and the rest follows at once. */
export const pins_per_draw = 2_000;

export interface Frames {
	request(act: () => void): number;
	cancel(id: number): void;
	now(): number;
}

const ofBrowser: Frames = {
	request: (act) => requestAnimationFrame(act),
	cancel: (id) => cancelAnimationFrame(id),
	now: () => performance.now()
};

/**
 * Takes what changed to the map: however often a device moves, the map hears of it once per drawing, and
 * of the next only when it is done with the one before. While nobody sees the page there are no frames,
 * so it all waits for the next.
 */
export class Pins {
	private readonly changed = new Set<string>();
	private readonly drawn = new Set<string>();
	private frame: number | null = null;
	private busy = false;
	private last = -Infinity;
	private ended = false;

	constructor(
		private readonly source: Pick<GeoJSONSource, 'updateData'>,
		private readonly pinOf: (id: string) => Pin | null,
		private readonly frames: Frames = ofBrowser
	) {}

	/** This one may have moved, changed, come or gone. */
	touch(id: string): void {
		this.changed.add(id);
		this.ask();
	}

	touchAll(ids: Iterable<string>): void {
		for (const id of ids) this.changed.add(id);
		for (const id of this.drawn) this.changed.add(id);
		this.ask();
	}

	end(): void {
		this.ended = true;
		if (this.frame !== null) this.frames.cancel(this.frame);
	}

	private ask(): void {
		if (this.frame !== null || this.busy || this.ended) return;
		this.frame = this.frames.request(() => this.draw());
	}

	private draw(): void {
		this.frame = null;
		if (this.frames.now() - this.last < draw_every_ms) return this.ask();
		const some = [...this.changed].slice(0, pins_per_draw);
		for (const id of some) this.changed.delete(id);
		const diff = diffOf(some, this.pinOf, this.drawn);
		const isRest = this.changed.size > 0;
		if (!diff) {
			if (isRest) this.ask();
			return;
		}
		this.last = isRest ? -Infinity : this.frames.now();
		this.busy = true;
		void this.told(diff).finally(() => {
			this.busy = false;
			if (this.changed.size > 0) this.ask();
		});
	}

	private async told(diff: GeoJSONSourceDiff): Promise<void> {
		try {
			await this.source.updateData(diff, true);
		} catch {
			// The map was taken down meanwhile: there is nobody to tell.
		}
	}
}
