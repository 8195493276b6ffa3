import type { Lifecycle, Window } from './types';

/** What the banner says of the server's lifecycle. Times are in ms on the server's clock. */
export type Notice =
	/** Announced: counts down to the begin. */
	| { kind: 'planned'; window: Window; until: number }
	/** The begin is past, and the server has not said so yet. */
	| { kind: 'beginning'; window: Window }
	/** What runs finishes: counts down to the end of that. */
	| { kind: 'closing' | 'draining'; window: Window; until: number | null }
	/** Under way, and this server goes on, or is back already. */
	| { kind: 'under_way'; window: Window; until: number }
	| { kind: 'verifying'; window: Window }
	/** It stops without a plan, such as for an update. */
	| { kind: 'stopping' };

export function noticeOf({ phase, window }: Lifecycle, now: number): Notice | null {
	const goesDown = phase !== 'running' && phase !== 'announced';
	if (!window) return goesDown ? { kind: 'stopping' } : null;
	if (window.state === 'verifying') return { kind: 'verifying', window };
	if (goesDown) {
		return { kind: phase === 'closing' ? 'closing' : 'draining', window, until: at(window.drain_until) };
	}
	const ends = Date.parse(window.ends_at);
	if (window.state === 'in_progress') return { kind: 'under_way', window, until: ends };
	const starts = Date.parse(window.starts_at);
	return starts > now ? { kind: 'planned', window, until: starts } : { kind: 'beginning', window };
}

/** What is said once, for a moment, when a window is gone. */
export type Farewell = 'called_off' | 'over';

/**
 * Why the window that was told of is told of no more: it was called off (or put
 * off) before its begin, or it is over. Null: it is still there, or another came.
 */
export function farewellOf(before: Window | null, after: Window | null, now: number): Farewell | null {
	if (!before || after) return null;
	return before.state === 'scheduled' && now < Date.parse(before.starts_at) ? 'called_off' : 'over';
}

function at(time: string | null): number | null {
	return time === null ? null : Date.parse(time);
}
