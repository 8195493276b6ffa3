import { untrack } from 'svelte';
import { listTrail, type TrailPosition } from '$lib/api/fleet';
import { asApiError, type ApiError } from '$lib/api/problem';
import { indexAt, played, stepped, type Rate, type TrailPoint } from './playback';

/** More could neither be drawn nor told apart. */
export const trail_positions_max = 20_000;
const page_positions = 5_000;

/** So many hours up to now, or from one time to another (ms). */
export type Range = { hours: number } | { from: number; to: number };

/** Where a device was, and the moment of it that is looked at. */
export class Trail {
	/** What counts, by time. */
	points = $state.raw<TrailPoint[]>([]);
	/** What does not count, where it is asked for. */
	faulty = $state.raw<TrailPoint[]>([]);
	error = $state.raw<ApiError | null>(null);
	loaded = $state(false);
	busy = $state(false);
	/** There are more than are shown. */
	cut = $state(false);
	from = $state(0);
	to = $state(0);
	/** The moment that is shown (ms). */
	at = $state(0);
	playing = $state(false);
	rate = $state<Rate>(60);
	withFaulty = $state(false);

	private turn = 0;
	private frame = 0;

	constructor(private readonly id: string) {}

	/** It shows the newest there is, and so goes on by itself. */
	get atEnd(): boolean {
		return this.at >= this.to;
	}

	/** Reads it; a playhead that stands at the end stays there. */
	async read(range: Range, now: number): Promise<void> {
		const turn = ++this.turn;
		const [from, to] = 'hours' in range ? [now - range.hours * 3_600_000, now] : [range.from, range.to];
		const follows = !this.loaded || this.atEnd;
		this.busy = true;
		try {
			const { positions, cut } = await this.pages(from, to, () => turn === this.turn);
			if (turn !== this.turn) return;
			const points = positions.map((position) => ({ ...position, at_ms: Date.parse(position.at) })).sort((a, b) => a.at_ms - b.at_ms);
			this.points = points.filter(({ faulty }) => faulty === null);
			this.faulty = points.filter(({ faulty }) => faulty !== null);
			this.cut = cut;
			this.from = from;
			this.to = cut ? (points.at(-1)?.at_ms ?? to) : to;
			this.at = follows ? this.to : Math.max(from, Math.min(this.to, this.at));
			this.error = null;
		} catch (cause) {
			if (turn === this.turn) this.error = asApiError(cause);
		} finally {
			if (turn === this.turn) {
				this.busy = false;
				this.loaded = true;
			}
		}
	}

	private async pages(from: number, to: number, wanted: () => boolean): Promise<{ positions: TrailPosition[]; cut: boolean }> {
		const positions: TrailPosition[] = [];
		// The API's end is exclusive; here the last position belongs to it.
		const query = { from: new Date(from).toISOString(), to: new Date(to + 1).toISOString(), ...(this.withFaulty ? {} : { faulty: false }) };
		let cursor: string | null = null;
		do {
			const limit = Math.min(page_positions, trail_positions_max - positions.length);
			const page: Awaited<ReturnType<typeof listTrail>> = await listTrail(this.id, { ...query, limit, ...(cursor ? { cursor } : {}) });
			positions.push(...page.items);
			cursor = page.next_cursor;
		} while (cursor && positions.length < trail_positions_max && wanted());
		return { positions, cut: cursor !== null };
	}

	seek(at: number): void {
		this.at = Math.max(this.from, Math.min(this.to, at));
	}

	step(by: 1 | -1): void {
		this.playing = false;
		this.seek(stepped(this.points, this.at, by));
	}

	toggle(): void {
		if (!this.playing && this.atEnd) this.at = this.points[0]?.at_ms ?? this.from;
		this.playing = !this.playing;
	}

	/** Moves the playhead while it plays; for an effect. */
	run(): (() => void) | void {
		if (!this.playing) return;
		let before = performance.now();
		const go = (now: number) => {
			const last = this.points.at(-1)?.at_ms ?? this.to;
			this.at = played(this.at, now - before, this.rate, last);
			before = now;
			if (this.at < last) this.frame = requestAnimationFrame(go);
			else this.playing = false;
		};
		untrack(() => (this.frame = requestAnimationFrame(go)));
		return () => cancelAnimationFrame(this.frame);
	}

	/** The position that counts at the moment that is shown. */
	get current(): TrailPoint | undefined {
		return this.points[Math.max(0, indexAt(this.points, this.at))];
	}
}
