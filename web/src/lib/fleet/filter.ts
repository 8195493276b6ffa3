import type { DeviceNode } from '$lib/api/types';

export type Presence = 'all' | 'online' | 'offline' | 'moving' | 'stopped';
export const presences: Presence[] = ['all', 'online', 'moving', 'stopped', 'offline'];

/** Which devices are shown; in the list and on the map alike. */
export interface FleetFilter {
	text: string;
	presence: Presence;
	/** Only those inside this fence; empty: wherever they are. */
	fence: string;
}

export const everything: FleetFilter = { text: '', presence: 'all', fence: '' };

export function filterOf(params: URLSearchParams): FleetFilter {
	return {
		text: params.get('q') ?? '',
		presence: presences.find((known) => known === params.get('show')) ?? 'all',
		fence: params.get('fence') ?? ''
	};
}

/** The other way round: only what differs from showing all. */
export function paramsOf({ text, presence, fence }: FleetFilter): URLSearchParams {
	const params = new URLSearchParams();
	if (text.trim()) params.set('q', text.trim());
	if (presence !== 'all') params.set('show', presence);
	if (fence) params.set('fence', fence);
	return params;
}

export const isFiltered = (filter: FleetFilter): boolean => paramsOf(filter).size > 0;

/** Whether a device is one of those. A device that is away neither moves nor stands still, as far as one knows. */
export function fits(filter: FleetFilter, inside: ReadonlySet<string>): (node: DeviceNode) => boolean {
	const text = filter.text.trim().toLocaleLowerCase();
	return ({ id, title, device }) =>
		(!filter.fence || inside.has(id)) &&
		(!text || title.toLocaleLowerCase().includes(text) || device.imei.includes(text)) &&
		isPresent(filter.presence, device);
}

function isPresent(presence: Presence, { online, motion }: DeviceNode['device']): boolean {
	if (presence === 'all') return true;
	if (presence === 'offline') return !online;
	return online && (presence === 'online' || presence === motion);
}
