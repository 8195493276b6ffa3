import type { MaintenanceFacet } from '$lib/api/types';
import type { Instance, InstanceStop } from './types';

export const step_names = ['announced', 'closing', 'draining', 'stopped', 'verifying', 'completed'] as const;
export type StepName = (typeof step_names)[number];

export interface Step {
	name: StepName;
	state: 'done' | 'now' | 'ahead';
	/** When it came; null: it did not yet, or nobody wrote it down. */
	at: string | null;
	/** When it is to come, as far as that is known. */
	expected: string | null;
}

/** So long before its begin a window of Synops is told of. */
export const announced_before_ms = 24 * 3_600_000;

type Moment = Exclude<keyof InstanceStop, 'turn' | 'drain_until' | 'late'>;

/** The steps of a window of Synops, in order: what is past, what goes on, what is to come. */
export function stepsOf(facet: MaintenanceFacet, instances: Instance[], now: number): Step[] {
	// Those that have no turn are told of it, and go on.
	const stopping = instances.filter(({ stop }) => stop !== null && stop.turn !== null);
	const reached = (moment: Moment) => {
		const left = stopping.filter((one) => one.is_present && !one.stop?.[moment] && !one.stop?.stopped_at);
		return stopping.length > 0 && left.length === 0;
	};
	const announceAt = Date.parse(facet.starts_at) - announced_before_ms;
	const isBack = facet.state === 'verifying' || facet.state === 'completed';
	const done: Record<StepName, boolean> = {
		announced: facet.state !== 'scheduled' || now >= announceAt,
		closing: isBack || reached('closed_at'),
		draining: isBack || reached('stopped_at'),
		stopped: isBack || reached('stopped_at'),
		verifying: facet.state === 'completed',
		completed: facet.state === 'completed'
	};
	const at: Record<StepName, string | null> = {
		announced: first(instances, 'announced_at') ?? (now >= announceAt ? new Date(announceAt).toISOString() : null),
		closing: first(stopping, 'closed_at'),
		draining: first(stopping, 'draining_at'),
		stopped: done.stopped ? last(stopping, 'stopped_at') : null,
		verifying: facet.verify_until ? facet.ended_at : null,
		completed: facet.finished_at
	};
	const expected: Partial<Record<StepName, string | null>> = {
		announced: new Date(announceAt).toISOString(),
		closing: facet.starts_at,
		completed: facet.ends_at
	};
	const under_way = facet.state === 'in_progress' || facet.state === 'verifying';
	const current = step_names.find((name) => !done[name]);
	return step_names.map((name) => ({
		name,
		state: done[name] ? 'done' : name === current && under_way ? 'now' : 'ahead',
		at: at[name],
		expected: done[name] ? null : (expected[name] ?? null)
	}));
}

/** Who has yet to acknowledge the step that goes on: names of servers that are there. */
export function missingOf(instances: Instance[]): string[] {
	const moments = ['announced_at', 'closed_at', 'draining_at', 'stopped_at'] as const;
	const there = instances.filter(({ stop, is_present }) => is_present && stop !== null && stop.turn !== null);
	// The step that somebody has reached already, and others have not.
	const furthest = moments.findLast((moment) => there.some((one) => one.stop?.[moment]));
	if (!furthest) return [];
	return there.filter((one) => !one.stop?.[furthest] && !one.stop?.stopped_at).map((one) => one.name);
}

function times(instances: Instance[], moment: Moment): string[] {
	return instances.map((instance) => instance.stop?.[moment]).filter((at): at is string => !!at).sort();
}
const first = (instances: Instance[], moment: Moment) => times(instances, moment)[0] ?? null;
const last = (instances: Instance[], moment: Moment) => times(instances, moment).at(-1) ?? null;
