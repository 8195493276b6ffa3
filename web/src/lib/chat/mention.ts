import { wordsOf } from '$lib/markdown/parse';

/** What is asked for behind an `@`: no longer than names are. */
const asked_max_chars = 40;
const asked_max_words = 3;

export interface Asked {
	/** Where the `@` stands. */
	at: number;
	q: string;
}

/** What is being asked for where the caret is: an `@` that begins a word, and what was typed since. */
export function askedAt(text: string, caret: number): Asked | null {
	const before = text.slice(0, caret);
	const at = before.lastIndexOf('@');
	if (at < 0 || caret - at - 1 > asked_max_chars) return null;
	if (at > 0 && !/[\s(]/.test(before[at - 1] ?? '')) return null;
	const q = before.slice(at + 1);
	if (/^\s|[\n[\]()]/.test(q) || q.trimEnd().split(/\s+/).length > asked_max_words) return null;
	return { at, q };
}

/** A name as the words of a link: without what would end them, or begin something else. */
export function labelOf(title: string): string {
	const plain = title.replaceAll('[', '(').replaceAll(']', ')').replaceAll('`', '’').replaceAll('\\', '/');
	return plain.replaceAll(/\s+/g, ' ').trim();
}

/** The text with the node in place of what was asked for, and where the caret is then: behind it and a space. */
export function withNode(text: string, { at, q }: Asked, node: { id: string; title: string }) {
	const link = `[${labelOf(node.title)}](node:${node.id})`;
	const rest = text.slice(at + 1 + q.length);
	const space = /^\s/.test(rest) ? '' : ' ';
	return { text: text.slice(0, at) + link + space + rest, caret: at + link.length + 1 };
}

/** The beginning of a text as one reads it aloud: without marks, nodes by their names. */
export function spoken(body: string, max_chars = 200): string {
	const plain = wordsOf(body.slice(0, 10 * max_chars));
	return plain.length > max_chars ? `${plain.slice(0, max_chars)}…` : plain;
}
