import type { NoticeKind, Template } from '$lib/api/types';

/** A connection's own words by kind; where there are none, those that are built in. */
export type Words = ReadonlyMap<NoticeKind, Template>;

export const wordsOf = (templates: Template[]): Words => new Map(templates.map((one) => [one.kind, one]));

/** What is typed over them; null: back to what is built in. */
export type Edits = ReadonlyMap<NoticeKind, Template | null>;

export function same(a: Template | null | undefined, b: Template | null | undefined): boolean {
	if (!a || !b) return !a && !b;
	return a.subject === b.subject && a.body === b.body && (a.html ?? '') === (b.html ?? '');
}

/** The edits that differ from what is kept. */
export function changedOf(base: Words, edits: Edits): NoticeKind[] {
	return [...edits].filter(([kind, edit]) => !same(base.get(kind), edit)).map(([kind]) => kind);
}

/** What to keep: all kinds at once, as the server takes them. */
export function merged(base: Words, edits: Edits): Template[] {
	const words = new Map<NoticeKind, Template | null>([...base, ...edits]);
	return [...words.values()]
		.filter((one): one is Template => one !== null)
		.map(({ kind, subject, body, html }) => ({ kind, subject, body, ...(html?.trim() ? { html } : {}) }));
}

/** The kinds that somebody else changed meanwhile and that are edited here too. */
export function overlapOf(before: Words, now: Words, edits: Edits): NoticeKind[] {
	return changedOf(before, edits).filter((kind) => !same(before.get(kind), now.get(kind)) && !same(now.get(kind), edits.get(kind)));
}

/** What one begins with. */
export function begun(kind: NoticeKind): Template {
	return { kind, subject: '{{ headline }}: {{ title }}', body: '{{ message }}\n\n{{ url }}\n' };
}

/** Which line of a text a refusal is about, from 1 on, and what it says there; null: none in particular. */
export function lineOf(detail: string, text: string): { line: number; source: string } | null {
	const line = Number(/\bline (\d+)\b/.exec(detail)?.[1] ?? NaN);
	const source = text.split('\n')[line - 1];
	return source === undefined ? null : { line, source };
}
