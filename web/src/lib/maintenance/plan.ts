import type { Timing } from '$lib/api/series';
import type { Intention, JobClassName, NewMaintenance, Node } from '$lib/api/types';
import { instance_id } from '$lib/graph/nodes';
import { isWhole, ruleOf, wall, wallLength, type Repeat } from '$lib/series/rule';

const minute_ms = 60_000;
const quarter_ms = 15 * minute_ms;

/** What the form of a plan holds; times as `datetime-local` inputs write them, in the viewer's zone. */
export interface PlanValues {
	title: string;
	body: string;
	starts: string;
	ends: string;
	/** Synops itself. */
	itself: boolean;
	systems: Pick<Node, 'id' | 'title' | 'kind'>[];
	blocked: JobClassName[];
	drain_min: number;
	rolling: boolean;
	/** After a full stop administrators alone are let in until it is verified. */
	admins_first: boolean;
	verify: boolean;
}

/** A plan to begin with: half an hour, from the next quarter that leaves an hour of warning. */
export function freshPlan(now: number, itself: boolean): PlanValues {
	const starts = Math.ceil((now + 60 * minute_ms) / quarter_ms) * quarter_ms;
	return {
		title: '',
		body: '',
		starts: toInput(starts),
		ends: toInput(starts + 2 * quarter_ms),
		itself,
		systems: [],
		blocked: ['tools'],
		drain_min: 5,
		rolling: false,
		admins_first: false,
		verify: true
	};
}

/** A time (ms) as an input shows it, to the minute, in the viewer's zone. */
export function toInput(at: number): string {
	const date = new Date(at);
	const two = (value: number) => String(value).padStart(2, '0');
	const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
	return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** The time (ms) that an input shows; NaN for what is none. */
export function fromInput(value: string): number {
	return value === '' ? NaN : new Date(value).getTime();
}

/** How long the window is (ms): NaN while a time is missing. */
export function lengthOf(values: PlanValues): number {
	return fromInput(values.ends) - fromInput(values.starts);
}

/** Whether it can be asked for; the server says what else is wrong. */
export function isComplete(values: PlanValues): boolean {
	return values.title.trim() !== '' && lengthOf(values) > 0 && (values.itself || values.systems.length > 0);
}

/** The plan as the server takes it. `zone` is the viewer's. Only for complete values. */
export function planOf(values: PlanValues, zone: string): NewMaintenance {
	const { itself, systems, blocked, drain_min, rolling, admins_first, verify } = values;
	return {
		title: values.title.trim(),
		...(values.body.trim() ? { body: values.body } : {}),
		starts_at: new Date(fromInput(values.starts)).toISOString(),
		ends_at: new Date(fromInput(values.ends)).toISOString(),
		timezone: zone,
		affects: [...(itself ? [instance_id] : []), ...systems.map((system) => system.id)],
		verify,
		...(itself ? { blocked_classes: blocked, drain_bound_s: Math.round(drain_min * 60), rolling, admins_first } : {})
	};
}

/** When the windows of a series are, as the server takes it; null while a time is missing or wrong. */
export function timingOf({ starts, ends }: PlanValues, repeat: Repeat, zone: string): Timing | null {
	const length_ms = wallLength(starts, ends);
	if (!(length_ms > 0) || !isWhole(repeat)) return null;
	return { starts_at: wall(starts), timezone: zone, duration_s: Math.round(length_ms / 1_000), rule: ruleOf(repeat, starts) };
}

/** The plan as one that comes again: each window is like it, but for its time. */
export function seriesOf(values: PlanValues, timing: Timing, zone: string): Intention {
	const { title, body, starts_at: _starts, ends_at: _ends, timezone: _zone, ...plan } = planOf(values, zone);
	return { type: 'create_maintenance_series', title, ...(body ? { body } : {}), series: { ...timing, plan } };
}

/** The viewer's time zone, by its name. */
export function viewersZone(): string {
	return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}
