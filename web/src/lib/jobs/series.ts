import type { JobMinute, Run } from '$lib/api/types';

// The hour as the chart takes it: one point a minute.

/** How many jobs ended, whichever way. */
export const throughput = (minutes: JobMinute[]): Run[] =>
	minutes.map((minute) => ({ at: minute.at, ok: true, latency_ms: minute.succeeded + minute.failed + minute.cancelled }));

/** How long jobs waited for a worker, on average; minutes in which none began are left out. */
export const lag = (minutes: JobMinute[]): Run[] =>
	minutes.flatMap((minute) =>
		minute.wait_avg_s === null ? [] : { at: minute.at, ok: true, latency_ms: minute.wait_avg_s * 1000 }
	);

export const total = (minutes: JobMinute[], of: 'succeeded' | 'failed' | 'cancelled'): number =>
	minutes.reduce((all, minute) => all + minute[of], 0);
