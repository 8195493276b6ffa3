import type { JobEnding, JobKind } from '$lib/api/types';

// As the server knows them; a kind that is missing here does not compile.
const all: Record<JobKind, true> = {
	noop: true,
	check_history_rollup: true,
	retention: true,
	tool: true,
	webhook: true,
	deliver: true,
	telemetry_replay: true
};

export const kinds = Object.keys(all) as JobKind[];
export const outcomes: JobEnding[] = ['succeeded', 'failed', 'cancelled'];
