import type { components } from '$lib/api/schema';

type Schemas = components['schemas'];

/** How far the server one talks to is on its way down. */
export type Phase = Schemas['Phase'];
/** A planned maintenance of Synops itself, as everybody is told of it. */
export type Window = Schemas['Window'];
export type Lifecycle = Schemas['Lifecycle'];
/** What of the caller's the window meets. */
export type Mine = Schemas['Mine'];
/** All that an administrator watches while Synops goes down and comes back. */
export type AdminMaintenance = Schemas['MaintenanceStatus'];
export type Instance = Schemas['InstanceStatus'];
/** What a server has acknowledged of a window. */
export type InstanceStop = Schemas['Stop'];
export type RunningJob = AdminMaintenance['jobs'][number];

/** What a server means that tells nothing. */
export const nothingAhead: Pick<Lifecycle, 'phase' | 'window'> = { phase: 'running', window: null };
