import { listChecks } from '$lib/api/calls';
import { asApiError, type ApiError } from '$lib/api/problem';
import type { Run } from '$lib/api/types';

export const ranges = { '1h': 3_600, '6h': 21_600, '24h': 86_400, '7d': 604_800 } as const;
export type Range = keyof typeof ranges;

const page_limit = 200;
/** So many runs at most are drawn; older ones of the range are left out, and the page says so. */
export const runs_limit = 4_000;

/** The check runs of one system in a range that ends now, oldest first. */
export class Runs {
	list = $state.raw<Run[]>([]);
	/** The range has more runs than are shown. */
	partial = $state(false);
	error = $state.raw<ApiError | null>(null);
	loaded = $state(false);

	/** Reads the whole range, then again and again what is new in it, until the answer is called. */
	follow(id: string, range: Range, every_ms: number, now: () => number): () => void {
		const abort = new AbortController();
		const since = () => new Date(now() - ranges[range] * 1000).toISOString();
		const read = async (from: string, before: Run[]) => {
			try {
				const found = await readPages(id, from, abort.signal);
				this.list = merge(before, found.runs, since());
				this.partial = found.partial;
				this.error = null;
			} catch (cause) {
				if (!abort.signal.aborted) this.error = asApiError(cause);
			}
			if (!abort.signal.aborted) this.loaded = true;
		};
		this.loaded = false;
		void read(since(), []);
		const timer = setInterval(() => {
			if (document.visibilityState === 'hidden') return;
			const last = this.list.at(-1)?.at;
			void read(last && !this.partial ? last : since(), this.list);
		}, every_ms);
		return () => {
			abort.abort();
			clearInterval(timer);
		};
	}
}

async function readPages(id: string, from: string, signal: AbortSignal) {
	const runs: Run[] = [];
	let cursor: string | undefined;
	do {
		const page = await listChecks(id, { from, limit: page_limit, cursor }, signal);
		runs.push(...page.items);
		cursor = page.next_cursor ?? undefined;
	} while (cursor && runs.length < runs_limit);
	return { runs, partial: cursor !== undefined };
}

/** Both, each run once, oldest first, without what has left the range. */
export function merge(before: Run[], found: Run[], from: string): Run[] {
	const runs = new Map<string, Run>();
	for (const run of [...before, ...found]) if (Date.parse(run.at) >= Date.parse(from)) runs.set(run.at, run);
	return [...runs.values()].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

/** The latency below which this share of the good runs stayed; null without any. */
export function percentile(runs: Run[], share: number): number | null {
	const values = runs.flatMap((run) => (run.ok && run.latency_ms !== null ? [run.latency_ms] : []));
	values.sort((a, b) => a - b);
	return values[Math.min(values.length - 1, Math.floor(values.length * share))] ?? null;
}
