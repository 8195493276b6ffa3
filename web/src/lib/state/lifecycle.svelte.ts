import { absenceOf, back_shown_ms, isTold, type Absence } from '$lib/lifecycle/away';
import { farewellOf, noticeOf, type Farewell } from '$lib/lifecycle/notice';
import { nothingAhead, type Lifecycle } from '$lib/lifecycle/types';
import type { Status } from '$lib/live/connection';
import { clock } from './clock.svelte';

/** So long it is said that a window is gone (ms). */
const farewell_shown_ms = 10_000;

/** What is known of the server going down, being away and coming back. */
class LifecycleState {
	told = $state.raw<Lifecycle>({ ...nothingAhead, server_time: '' });
	/** The server cannot be reached, whether that is said yet or not. */
	absence = $state.raw<Absence | null>(null);
	/** Another version of the program answers than the one that served this page's first data. */
	newer = $state(false);
	private said = $state.raw<{ farewell: Farewell; at: number } | null>(null);
	private returned = $state.raw<{ at: number; away_ms: number } | null>(null);
	private version: string | null = null;

	/** What the server says of its lifecycle, as a banner. */
	readonly notice = $derived(noticeOf(this.told, clock.now));
	/** The absence, once it is worth a word. */
	readonly away = $derived(isTold(this.absence, clock.local) ? this.absence : null);
	/** For a moment: the server is back, after so many ms. */
	readonly back = $derived(
		this.returned && clock.local - this.returned.at < back_shown_ms ? this.returned : null
	);
	/** For a moment: the window that was told of is gone. */
	readonly farewell = $derived(
		this.said && clock.local - this.said.at < farewell_shown_ms ? this.said.farewell : null
	);

	hear(told: Lifecycle): void {
		const farewell = farewellOf(this.told.window, told.window, Date.now() + clock.offset_ms);
		if (farewell) this.said = { farewell, at: Date.now() };
		else if (told.window) this.said = null;
		this.told = told;
	}

	/** Called with each status of the connection. */
	connectionIs(status: Status): void {
		const now = Date.now();
		const before = this.absence;
		this.absence = absenceOf(before, status, this.told, now);
		if (before && !this.absence && isTold(before, now)) {
			this.returned = { at: now, away_ms: now - before.since };
		}
	}

	/** Called with the version of whoever answers. */
	versionIs(version: string): void {
		this.version ??= version;
		this.newer = version !== this.version;
	}
}

export const lifecycle = new LifecycleState();
