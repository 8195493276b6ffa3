import type { Delivery, DeliveryState, NoticeKind } from '$lib/api/types';
import { hrefOf } from '$lib/graph/nodes';
import { groups, kinds_by_group, noticeWord } from '$lib/notify/notices';

export const delivery_states: DeliveryState[] = ['queued', 'held', 'failed', 'dead', 'sent', 'withdrawn'];

/** One this page does not know is on its way somehow. */
export function stateOf(name: string): DeliveryState {
	return delivery_states.find((state) => state === name) ?? 'queued';
}

/** As it went out; what has not yet is named by what it is about. */
export function subjectOf({ subject, kind, title }: Pick<Delivery, 'subject' | 'kind' | 'title'>): string {
	return subject ?? `${noticeWord(kind)}: ${title}`;
}

/** The page of what it is about; null for what this page does not know. */
export function hrefOfDelivery({ node_id, kind }: Pick<Delivery, 'node_id' | 'kind'>): string | null {
	const group = groups.find((one) => (kinds_by_group[one] as readonly NoticeKind[]).includes(kind as NoticeKind));
	return group ? hrefOf({ id: node_id, kind: group }) : null;
}
