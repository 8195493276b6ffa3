/** How long to wait before trying again; all bounds in ms. */
export const backoff_base_ms = 400;
export const backoff_limit_ms = 15_000;

/**
 * Exponential with full jitter: anywhere between nothing and the bound of this
 * attempt, so that a thousand pages don't come back in the same instant.
 */
export function backoff_ms(attempt: number, random: () => number = Math.random): number {
	const bound = Math.min(backoff_limit_ms, backoff_base_ms * 2 ** Math.min(attempt, 16));
	return Math.round(random() * bound);
}
