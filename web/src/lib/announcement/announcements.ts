import type { AnnouncementNode, AnnouncementState, Node } from '$lib/api/types';
import type { Block } from '$lib/markdown/parse';

export function isAnnouncement(node: Node | null | undefined): node is AnnouncementNode {
	return node?.kind === 'announcement' && node.announcement !== null && node.announcement !== undefined;
}

/** In the order that somebody gave them, then the latest begin first, as the server lists them. */
export function byOrder(a: AnnouncementNode, b: AnnouncementNode): number {
	const begins = Date.parse(b.announcement.starts_at) - Date.parse(a.announcement.starts_at);
	return a.position - b.position || begins || (a.id < b.id ? -1 : 1);
}

export function inState(nodes: Iterable<Node>, state: AnnouncementState): AnnouncementNode[] {
	return [...nodes].filter(isAnnouncement).filter(({ announcement }) => announcement.state === state).sort(byOrder);
}

/** What a line on top of every page has room for. */
export function firstParagraph(blocks: Block[]) {
	const first = blocks.find((block) => block.type === 'paragraph');
	return first?.type === 'paragraph' ? first.children : [];
}
