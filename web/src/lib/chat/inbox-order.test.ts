import { describe, expect, it } from 'vitest';
import { heldOrder, inboxOf, unreadChannels, unreadIn } from './inbox-order';
import type { ChannelMark, ChannelNode } from './types';

const channel = (id: string) => ({ id, title: id }) as unknown as ChannelNode;
const mark = (channel_id: string, last: number, read: number, at: string | null, muted = false): ChannelMark => ({
	channel_id,
	last_number: last,
	read_number: read,
	last_at: at,
	muted
});
const marks = [
	mark('b', 5, 3, '2026-01-01T10:00:00Z'),
	mark('c', 9, 9, '2026-01-03T10:00:00Z'),
	mark('d', 2, 0, '2026-01-02T10:00:00Z'),
	mark('e', 8, 1, '2026-01-04T10:00:00Z', true)
];
const byId = new Map(marks.map((one) => [one.channel_id, one]));
const ids = (lines: { channel: ChannelNode }[]) => lines.map((line) => line.channel.id).join('');

describe('the inbox', () => {
	it('has what is new first, each by when something was said last; a muted channel is never new', () => {
		const { unread, read } = inboxOf(['a', 'b', 'c', 'd', 'e', 'f'].map(channel), byId);
		expect([ids(unread), ids(read)]).toEqual(['db', 'ecaf']);
		expect(unread.map((line) => line.unread)).toEqual([2, 2]);
	});

	it('holds its order, with what is new on top', () => {
		const lines = ['x', 'b', 'a'].map((id) => ({ channel: channel(id) }));
		expect(ids(heldOrder(lines, ['a', 'gone', 'b']))).toBe('xab');
	});

	it('counts channels, not messages', () => expect(unreadChannels(marks)).toBe(2));

	it.each([
		[undefined, 0],
		[mark('a', 3, 1, null), 2],
		[mark('a', 3, 5, null), 0],
		[mark('a', 3, 1, null, true), 0]
	])('%j has %i', (one, expected) => expect(unreadIn(one)).toBe(expected));
});
