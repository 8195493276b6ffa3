import type { Subscription } from '$lib/api/types';
import { t } from '$lib/i18n/index.svelte';
import { noticeWord } from './notices';

/** What a subscription is to, by its name. */
export function targetText({ target }: Pick<Subscription, 'target'>): string {
	return target ? (target.title ?? t.watch.hidden) : t.watch.everything;
}

/** Of which kinds. */
export function kindsText({ kinds }: Pick<Subscription, 'kinds'>): string {
	return kinds.length > 0 ? kinds.map(noticeWord).join(', ') : t.watch.allKindsShort;
}
