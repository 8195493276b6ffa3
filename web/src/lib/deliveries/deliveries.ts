import type { Delivery, DeliveryState } from '$lib/api/types';
import { noticeWord } from '$lib/notify/notices';

export const delivery_states: DeliveryState[] = ['queued', 'held', 'failed', 'dead', 'sent', 'withdrawn'];

/** One this page does not know is on its way somehow. */
export function stateOf(name: string): DeliveryState {
	return delivery_states.find((state) => state === name) ?? 'queued';
}

/** As it went out; what has not yet is named by what it is about. */
export function subjectOf({ subject, kind, title }: Pick<Delivery, 'subject' | 'kind' | 'title'>): string {
	return subject ?? `${noticeWord(kind)}: ${title}`;
}
