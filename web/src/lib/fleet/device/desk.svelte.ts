import { getDeviceState, type DeviceState } from '$lib/api/fleet';
import { asApiError, type ApiError } from '$lib/api/problem';
import type { Bbox, PositionsWatch } from '$lib/live/positions';
import { watchPositions } from '$lib/state/app.svelte';
import { Soon } from '$lib/state/soon';
import { Positions, type Position } from '../positions';

const every_ms = 10_000;
/** After a position its values are read too, at most so often (ms). */
const values_every_ms = 2_000;
/** The window around a device (°): it is heard of while it is in there, and the window goes with it. */
const around = 0.05;

/** How a device is, and where it is now: its state read, its positions heard. */
export class DeviceDesk {
	state = $state.raw<DeviceState | null>(null);
	/** Nothing has come from it yet. */
	silent = $state(false);
	error = $state.raw<ApiError | null>(null);
	position = $state.raw<Position | null>(null);
	private readonly positions = new Positions();
	private readonly reading = new Soon(() => void this.read(), values_every_ms);
	private watch: PositionsWatch | null = null;
	private center: [number, number] | null = null;
	private turn = 0;

	constructor(private readonly id: string) {}

	/** Reads it soon, such as after its node changed. */
	stir(): void {
		this.reading.ask();
	}

	/** Begins to read and hear; answers what ends it. */
	start(): () => void {
		void this.read();
		const timer = setInterval(() => {
			if (document.visibilityState !== 'hidden') void this.read();
		}, every_ms);
		return () => {
			this.turn++;
			clearInterval(timer);
			this.reading.stop();
			this.watch?.end();
			this.watch = null;
		};
	}

	private async read(): Promise<void> {
		const turn = ++this.turn;
		try {
			const state = await getDeviceState(this.id);
			if (turn !== this.turn) return;
			this.state = state;
			this.silent = state === null;
			this.error = null;
			if (!state) return;
			const { longitude, latitude, speed_kmh, heading_deg } = state;
			this.took([[this.id, Date.parse(state.at), longitude, latitude, speed_kmh, heading_deg]]);
		} catch (cause) {
			if (turn !== this.turn) return;
			this.error = asApiError(cause);
		}
	}

	private took(rows: Parameters<Positions['take']>[0]): void {
		if (!this.positions.take(rows.filter(([id]) => id === this.id)).includes(this.id)) return;
		const position = this.positions.get(this.id);
		if (!position) return;
		this.position = position;
		this.attend(position);
	}

	private attend({ longitude, latitude }: Position): void {
		const isNear = this.center && Math.abs(this.center[0] - longitude) < around / 2 && Math.abs(this.center[1] - latitude) < around / 2;
		if (isNear) return;
		this.center = [longitude, latitude];
		const window: Bbox = [longitude - around, Math.max(-90, latitude - around), longitude + around, Math.min(90, latitude + around)];
		if (this.watch) this.watch.move(window);
		else this.watch = watchPositions(window, (rows) => this.heard(rows));
	}

	private heard(rows: Parameters<Positions['take']>[0]): void {
		const before = this.position;
		this.took(rows);
		if (this.position !== before) this.reading.ask();
	}
}
