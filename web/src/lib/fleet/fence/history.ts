/** So many steps back. */
export const steps_max = 200;

/** What something was, is, and was before it was taken back. */
export interface History<T> {
	past: T[];
	now: T;
	future: T[];
}

export const begun = <T>(now: T): History<T> => ({ past: [], now, future: [] });

/** A step further; what was taken back is gone. The same again is no step. */
export function done<T>({ past, now, future }: History<T>, next: T): History<T> {
	if (JSON.stringify(next) === JSON.stringify(now)) return { past, now, future };
	return { past: [...past, now].slice(-steps_max), now: next, future: [] };
}

export function undone<T>({ past, now, future }: History<T>): History<T> {
	const before = past.at(-1);
	return before === undefined ? { past, now, future } : { past: past.slice(0, -1), now: before, future: [now, ...future] };
}

export function redone<T>({ past, now, future }: History<T>): History<T> {
	const [next, ...rest] = future;
	return next === undefined ? { past, now, future } : { past: [...past, now], now: next, future: rest };
}
