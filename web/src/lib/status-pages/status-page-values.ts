import type { Intention, Node, StatusPageNode, Visibility } from '$lib/api/types';

export function isStatusPage(node: Node | null | undefined): node is StatusPageNode {
	return node?.kind === 'status_page' && node.status_page !== undefined;
}

/** What the form holds. A type, not an interface: only types fit where any keys may be. */
export type StatusPageValues = {
	title: string;
	body: string;
	slug: string;
	headline: string;
	show_history_days: number;
	published: boolean;
};

export const visibilities: Visibility[] = ['public', 'signed_in', 'members'];
export const history_days_max = 90;

export const fresh: StatusPageValues = {
	title: '',
	body: '',
	slug: '',
	headline: '',
	show_history_days: history_days_max,
	published: false
};

export function readStatusPage(node: Node): StatusPageValues {
	const { slug, headline, show_history_days, published } = node.status_page ?? fresh;
	const { title, body } = node;
	return { title, body, slug, headline, show_history_days, published };
}

export function writeStatusPage(changed: Partial<StatusPageValues>): Partial<Intention> {
	const { title, body, ...status_page } = changed;
	return {
		type: 'update_status_page',
		status_page,
		...(title === undefined ? {} : { title: title.trim() }),
		...(body === undefined ? {} : { body })
	};
}

/** An address made of a title: what is not allowed in one becomes a hyphen. */
export function slugOf(title: string): string {
	const plain = title
		.toLowerCase()
		.replaceAll('æ', 'ae')
		.replaceAll('ø', 'o')
		.normalize('NFKD')
		.replaceAll(/\p{M}/gu, '');
	return plain.replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-+|-+$/g, '').slice(0, 64);
}

export const addressOf = (slug: string) => `/status/${slug}`;
