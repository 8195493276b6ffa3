import type { Intention, MaintenanceNode, Node } from '$lib/api/types';
import { affectsOf, idsOf } from '$lib/timeline/affects';
import { linesOf, linksOf } from '$lib/timeline/links';
import { fromInput, toInput } from './plan';

/** What the form of a planned window holds; times in the viewer's zone. `affects`: ids with commas between. */
export type WindowValues = {
	title: string;
	body: string;
	starts: string;
	ends: string;
	affects: string;
	verify: boolean;
	links: string;
};

export function readWindow(node: Node): WindowValues {
	const { maintenance, title, body, id } = node as MaintenanceNode;
	const [starts, ends] = [maintenance.starts_at, maintenance.ends_at].map((at) => toInput(Date.parse(at)));
	return {
		title,
		body,
		starts: starts ?? '',
		ends: ends ?? '',
		affects: affectsOf(id),
		verify: maintenance.verify,
		links: linesOf(maintenance.links)
	};
}

const timeOf = (value: string) => new Date(fromInput(value)).toISOString();

/** Only what was changed is sent. */
export function writeWindow(changed: Partial<WindowValues>): Partial<Intention> {
	const { title, body, starts, ends, affects, verify, links } = changed;
	return {
		type: 'update_maintenance',
		...(title === undefined ? {} : { title: title.trim() }),
		...(body === undefined ? {} : { body }),
		maintenance: {
			...(starts ? { starts_at: timeOf(starts) } : {}),
			...(ends ? { ends_at: timeOf(ends) } : {}),
			...(affects === undefined ? {} : { affects: idsOf(affects) }),
			...(verify === undefined ? {} : { verify }),
			...(links === undefined ? {} : { links: linksOf(links) ?? [] })
		}
	};
}
