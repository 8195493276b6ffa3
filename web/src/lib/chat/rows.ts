import { dateFormat } from '$lib/i18n/formats';
import type { MessageNode } from './types';

/** Messages of one author that come one after the other within so long stand under one name. */
export const group_gap_ms = 5 * 60_000;

export type Row =
	/** The first of a day, in the viewer's zone; `at` is its first message's time. */
	| { type: 'day'; key: string; at: number }
	/** From here on nothing has been read. */
	| { type: 'new'; key: 'new' }
	/** `head`: with its author's name. */
	| { type: 'message'; key: string; message: MessageNode; head: boolean };

export const writtenAt = (message: MessageNode) => Date.parse(message.created_at);

const dayOf = (at: number) => new Date(at).toDateString();

/** Whether it goes on with what the one before began. */
function continues(before: MessageNode | undefined, message: MessageNode): boolean {
	if (!before || before.message.deleted_at || message.message.deleted_at) return false;
	const sameAuthor = before.message.author?.id === message.message.author?.id;
	return sameAuthor && writtenAt(message) - writtenAt(before) < group_gap_ms;
}

/** Messages as they are listed. `read`: those up to this number are read, and a line stands behind it; null: all are. */
export function rowsOf(messages: readonly MessageNode[], read: number | null): Row[] {
	const rows: Row[] = [];
	let before: MessageNode | undefined;
	for (const message of messages) {
		const at = writtenAt(message);
		const newDay = !before || dayOf(writtenAt(before)) !== dayOf(at);
		const firstNew = read !== null && message.message.number === read + 1;
		if (newDay) rows.push({ type: 'day', key: `day ${dayOf(at)}`, at });
		if (firstNew) rows.push({ type: 'new', key: 'new' });
		const head = newDay || firstNew || !continues(before, message);
		rows.push({ type: 'message', key: message.id, message, head });
		before = message;
	}
	return rows;
}

/** The day as one says it: a word for the last two, else its date, with the year if it is another. */
export function dayWord(at: number, now: number, tag: string, words: { today: string; yesterday: string }): string {
	const day = new Date(at);
	const today = new Date(now);
	const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
	if (dayOf(at) === today.toDateString()) return words.today;
	if (dayOf(at) === yesterday.toDateString()) return words.yesterday;
	const year = day.getFullYear() === today.getFullYear() ? {} : ({ year: 'numeric' } as const);
	return dateFormat(tag, { weekday: 'long', day: 'numeric', month: 'long', ...year }).format(day);
}
