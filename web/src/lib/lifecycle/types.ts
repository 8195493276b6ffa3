import type { JobClassName, Node } from '$lib/api/types';

/** How far the server one talks to is on its way down. */
export type Phase = 'running' | 'announced' | 'closing' | 'draining';

/** A planned maintenance of Synops itself, as everybody is told of it. */
export interface Window {
	maintenance_id: string;
	state: 'scheduled' | 'in_progress' | 'verifying';
	starts_at: string;
	ends_at: string;
	/** Until when what runs may take to finish; null until the drain has begun. */
	drain_until: string | null;
	/** One server after the other: somebody always answers. */
	rolling: boolean;
}

export interface Lifecycle {
	phase: Phase;
	server_time: string;
	/** The window that is near or under way; null: none. */
	window: Window | null;
}

/** What a server means that tells nothing. */
export const nothingAhead: Pick<Lifecycle, 'phase' | 'window'> = { phase: 'running', window: null };

/** What becomes of a job. */
export type Fate = 'finishes' | 'outlives' | 'waits' | 'crosses_start';

export interface MyJob {
	id: string;
	kind: string;
	fate: Fate;
	started_at: string | null;
	progress: number | null;
}

/** What of the caller's the window meets. */
export interface Mine {
	/** Null: none is ahead, or it is not the caller's to read. */
	maintenance_id: string | null;
	jobs: MyJob[];
	systems: { id: string; title: string }[];
	truncated: boolean;
}

export type InstanceState = 'starting' | 'ready' | 'announced' | 'closing' | 'draining' | 'stopped';

/** What a server has acknowledged of a window. */
export interface InstanceStop {
	turn: number;
	announced_at: string | null;
	closed_at: string | null;
	draining_at: string | null;
	drain_until: string | null;
	stopped_at: string | null;
	/** What had not finished when its time was over. */
	late: string[];
}

export interface Instance {
	id: string;
	name: string;
	version: string;
	roles: string[];
	state: InstanceState;
	started_at: string;
	seen_at: string;
	/** It has been heard of lately. */
	is_present: boolean;
	/** The one that answers. */
	is_this: boolean;
	in_flight: { jobs: number; checks: number; requests: number; sockets: number };
	stop: InstanceStop | null;
}

export interface ActiveSession {
	person: { id: string; title: string } | null;
	since: string;
	looks_at: string[];
}

export interface RunningJob {
	id: string;
	kind: string;
	class: JobClassName;
	instance_id: string | null;
	started_at: string | null;
	progress: number | null;
	message: string | null;
}

/** All that an administrator watches while Synops goes down and comes back. */
export interface AdminMaintenance {
	server_time: string;
	phase: Phase;
	/** The one under way, else the next one. */
	maintenance: Node | null;
	mode: 'full' | 'rolling' | null;
	instances: Instance[];
	sessions: { count: number; items: ActiveSession[]; truncated: boolean };
	jobs: RunningJob[];
	jobs_truncated: boolean;
}
