import type { Told } from '$lib/api/timeline';
import type { Audience, IncidentState, IncidentUpdate, Intention, MaintenanceUpdate } from '$lib/api/types';

export type Update = IncidentUpdate | MaintenanceUpdate;
export const audiences = ['public', 'signed_in', 'internal'] as const satisfies Audience[];

export interface NewWords {
	message: string;
	audience: Audience;
	/** Also takes an incident there. */
	state?: IncidentState | null;
}

/** What tells people of it. */
export function telling(of: Told, id: string, { message, audience, state }: NewWords): Intention {
	const update = { message, audience };
	if (of === 'maintenance') return { type: 'add_maintenance_update', id, update };
	return { type: 'add_incident_update', id, update: { ...update, ...(state ? { state_change: state } : {}) } };
}
