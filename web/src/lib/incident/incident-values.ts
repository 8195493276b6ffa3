import type { HealthOverride, IncidentNode, Intention, NewIncident, Node, Severity } from '$lib/api/types';
import { affectsOf, idsOf } from '$lib/timeline/affects';
import { linesOf, linksOf } from '$lib/timeline/links';

/** What the form of an incident holds. `affects`: ids with commas between; `links`: lines. */
export type IncidentValues = {
	title: string;
	body: string;
	severity: Severity;
	health_override: HealthOverride | '';
	suppress: boolean;
	affects: string;
	links: string;
};

export const fresh: IncidentValues = {
	title: '',
	body: '',
	severity: 'minor',
	health_override: '',
	suppress: false,
	affects: '',
	links: ''
};

export function readIncident(node: Node): IncidentValues {
	const { incident, title, body, id } = node as IncidentNode;
	return {
		title,
		body,
		severity: incident.severity,
		health_override: incident.health_override ?? '',
		suppress: incident.suppress,
		affects: affectsOf(id),
		links: linesOf(incident.links)
	};
}

function facetOf({ severity, health_override, suppress, affects, links }: Partial<IncidentValues>) {
	return {
		...(severity === undefined ? {} : { severity }),
		...(health_override === undefined ? {} : { health_override: health_override || null }),
		...(suppress === undefined ? {} : { suppress }),
		...(affects === undefined ? {} : { affects: idsOf(affects) }),
		...(links === undefined ? {} : { links: linksOf(links) ?? [] })
	};
}

/** Only what was changed is sent. */
export function writeIncident(changed: Partial<IncidentValues>): Partial<Intention> {
	const { title, body, ...rest } = changed;
	return {
		type: 'update_incident',
		...(title === undefined ? {} : { title: title.trim() }),
		...(body === undefined ? {} : { body }),
		incident: facetOf(rest)
	};
}

/** One that is opened, with what people are told first. */
export function opening(
	values: IncidentValues,
	place: string,
	update: NewIncident['update'] | null
): Intention {
	const { title, body, ...rest } = values;
	return {
		type: 'open_incident',
		title: title.trim(),
		...(body ? { body } : {}),
		...(place && !rest.affects ? { parent_id: place } : {}),
		incident: facetOf(rest),
		...(update ? { update } : {})
	};
}
