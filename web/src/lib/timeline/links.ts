import type { Link } from '$lib/api/types';

/** One on each line: what it is called, then its address, as `linksOf` reads them. */
export function linesOf(links: Link[]): string {
	return links.map(({ title, url }) => `${title} ${url}`).join('\n');
}

/** Null where a line has no address. What has no name is called by its host. */
export function linksOf(lines: string): Link[] | null {
	const links: Link[] = [];
	for (const line of lines.split('\n').filter((one) => one.trim() !== '')) {
		const [, title = '', url = ''] = /^(.*?)(\S+)\s*$/.exec(line) ?? [];
		if (!/^https?:\/\/[^/]/.test(url)) return null;
		links.push({ title: title.trim() || new URL(url).host, url });
	}
	return links;
}
