import type { NoticeKind, NodeKind, Notification } from '$lib/api/types';
import { hrefOf } from '$lib/graph/nodes';
import { dayTime } from '$lib/i18n/format';
import { i18n, t } from '$lib/i18n/index.svelte';

/** What somebody can want to be told of, by what it happens to. */
export const kinds_by_group = {
	system: ['system_down', 'system_up'],
	incident: ['incident_opened', 'incident_updated', 'incident_acknowledged', 'incident_resolved'],
	maintenance: [
		'maintenance_planned',
		'maintenance_changed',
		'maintenance_reminder',
		'maintenance_started',
		'maintenance_extended',
		'maintenance_verifying',
		'maintenance_completed',
		'maintenance_cancelled',
		'maintenance_update'
	],
	announcement: ['announcement']
} as const satisfies Partial<Record<NodeKind, readonly NoticeKind[]>>;

export const groups = Object.keys(kinds_by_group) as (keyof typeof kinds_by_group)[];
export const notice_kinds: NoticeKind[] = groups.flatMap((group) => [...kinds_by_group[group]]);

/** What has happened, in the viewer's language. A kind this page does not know is shown by its name. */
export function noticeWord(kind: string): string {
	const words: Partial<Record<string, string>> = t.notice;
	return words[kind] ?? kind.replaceAll('_', ' ');
}

/** The only headline of the server's with a colon in it. */
const with_colon: NoticeKind = 'maintenance_verifying';

/** The name of what it is about: its title is a headline, a colon, and that name. */
export function nameIn({ kind, title }: Pick<Notification, 'kind' | 'title'>): string {
	const headline = kind === with_colon ? title.indexOf(': ') + 2 : 0;
	const colon = title.indexOf(': ', headline);
	return colon < 0 ? title : title.slice(colon + 2);
}

/** The server's texts have times as `2026-11-22 12:00 UTC`: here they are in the viewer's zone. */
export function inViewersZone(text: string): string {
	return text.replaceAll(/\b(\d{4}-\d\d-\d\d) (\d\d:\d\d) UTC\b/g, (_, day: string, time: string) =>
		dayTime(Date.parse(`${day}T${time}Z`), i18n.tag)
	);
}

export function hrefOfNotice({ node_id, node_kind }: Pick<Notification, 'node_id' | 'node_kind'>): string {
	return hrefOf({ id: node_id, kind: node_kind as NodeKind });
}
