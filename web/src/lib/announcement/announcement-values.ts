import type { AnnouncementNode, AnnouncementSeverity, Intention, Node, Reach } from '$lib/api/types';
import { fromInput, toInput } from '$lib/maintenance/plan';

/** What the form holds; times as `datetime-local` inputs write them, empty for none. */
export type AnnouncementValues = {
	title: string;
	body: string;
	severity: AnnouncementSeverity;
	audience: Reach;
	style: 'banner' | 'page';
	starts: string;
	ends: string;
};

export const fresh: AnnouncementValues = {
	title: '',
	body: '',
	severity: 'info',
	audience: 'signed_in',
	style: 'banner',
	starts: '',
	ends: ''
};

export const severities = ['info', 'warning', 'critical'] as const satisfies AnnouncementSeverity[];
export const reaches = ['all', 'signed_in', 'members'] as const satisfies Reach[];
export const styles = ['banner', 'page'] as const;

export function readAnnouncement(node: Node): AnnouncementValues {
	const { announcement, title, body } = node as AnnouncementNode;
	const { severity, audience, style, starts_at, ends_at } = announcement;
	const starts = toInput(Date.parse(starts_at));
	return { title, body, severity, audience, style, starts, ends: ends_at ? toInput(Date.parse(ends_at)) : '' };
}

/** Whether it ends after it begins; without a begin that is now. */
export function isInOrder({ starts, ends }: Pick<AnnouncementValues, 'starts' | 'ends'>, now: number): boolean {
	return ends === '' || fromInput(ends) > (starts === '' ? now : fromInput(starts));
}

const timeOf = (value: string) => new Date(fromInput(value)).toISOString();

function facetOf({ severity, audience, style, starts, ends }: Partial<AnnouncementValues>) {
	return {
		...(severity === undefined ? {} : { severity }),
		...(audience === undefined ? {} : { audience }),
		...(style === undefined ? {} : { style }),
		...(starts ? { starts_at: timeOf(starts) } : {}),
		...(ends === undefined ? {} : { ends_at: ends === '' ? null : timeOf(ends) })
	};
}

/** Only what was changed is sent. */
export function writeAnnouncement(changed: Partial<AnnouncementValues>): Partial<Intention> {
	const { title, body, ...rest } = changed;
	return {
		type: 'update_announcement',
		...(title === undefined ? {} : { title: title.trim() }),
		...(body === undefined ? {} : { body }),
		announcement: facetOf(rest)
	};
}

export function announcing({ title, body, ...rest }: AnnouncementValues, parent_id: string): Intention {
	return { type: 'create_announcement', parent_id, title: title.trim(), body, announcement: facetOf(rest) };
}
