import type { Link } from '$lib/api/types';

export const most_links = 20;

/** Links as the form holds them: one text, so that two versions of them can be compared line by line. */
export function toText(links: Link[]): string {
	return links.map(({ title, url }) => `${title}\t${url}`).join('\n');
}

export function fromText(text: string): Link[] {
	return text
		.split('\n')
		.filter(Boolean)
		.map((line) => {
			const [title = '', url = ''] = line.split('\t');
			return { title, url };
		});
}

/** The list with one of them a place further up (-1) or down (1); as it is at an end. */
export function moved<T>(list: T[], index: number, step: number): T[] {
	const to = index + step;
	if (to < 0 || to >= list.length) return list;
	const copy = [...list];
	copy.splice(to, 0, ...copy.splice(index, 1));
	return copy;
}
