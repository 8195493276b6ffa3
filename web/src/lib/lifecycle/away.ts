import type { Status } from '$lib/live/connection';
import type { Lifecycle, Window } from './types';

/** So long nothing is said of a connection that broke: most are back by then (ms). */
export const grace_planned_ms = 1_500;
export const grace_ms = 4_000;
/** So long it is said that the server is back (ms). */
export const back_shown_ms = 8_000;

/** That the server is away, and why; times in ms on the browser's clock. */
export interface Absence {
	since: number;
	/** It had said that it goes down. */
	planned: boolean;
	/** The window for which it did; null: it stopped without one. */
	window: Window | null;
}

/** What is known of an absence when the connection changes; null: the server is there. */
export function absenceOf(before: Absence | null, status: Status, told: Lifecycle, now: number): Absence | null {
	if (status.kind !== 'reconnecting') return null;
	if (before) return before;
	// Before the first rows of all nothing was there that could be away.
	if (status.fresh_at === null) return null;
	const { phase, window } = told;
	const goesDown = phase !== 'running' && phase !== 'announced';
	const underWay = window !== null && window.state !== 'scheduled';
	return { since: now, planned: goesDown || underWay, window: goesDown || underWay ? window : null };
}

/** Whether it has lasted long enough to be told of. */
export function isTold(absence: Absence | null, now: number): absence is Absence {
	return absence !== null && now - absence.since >= (absence.planned ? grace_planned_ms : grace_ms);
}
