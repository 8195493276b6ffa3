import type { ChannelMark, ChannelNode } from './types';

/** A channel with what there is to read in it. */
export interface InboxLine {
	channel: ChannelNode;
	/** Messages that one has not read; of a muted channel none count. */
	unread: number;
	muted: boolean;
	/** When something was said last. */
	last_at: string | null;
}

export function unreadIn(mark: ChannelMark | undefined): number {
	return !mark || mark.muted ? 0 : Math.max(0, mark.last_number - mark.read_number);
}

/** In how many channels something is new. */
export function unreadChannels(marks: Iterable<ChannelMark>): number {
	return [...marks].filter((mark) => unreadIn(mark) > 0).length;
}

/** The channels with something new, and the others: what was said last comes first, then what nobody used yet, by title. */
export function inboxOf(channels: readonly ChannelNode[], marks: ReadonlyMap<string, ChannelMark>) {
	const lines = channels.map((channel): InboxLine => {
		const mark = marks.get(channel.id);
		return { channel, unread: unreadIn(mark), muted: mark?.muted ?? false, last_at: mark?.last_at ?? null };
	});
	// The channels come by title, and sorting keeps that where nothing tells two apart.
	lines.sort((a, b) => timeOf(b) - timeOf(a));
	return { unread: lines.filter(({ unread }) => unread > 0), read: lines.filter(({ unread }) => unread === 0) };
}

const timeOf = ({ last_at }: InboxLine) => (last_at ? Date.parse(last_at) : 0);

/** In the order of before, so that nothing moves under the pointer; what is new comes first. */
export function heldOrder<T extends { channel: { id: string } }>(lines: readonly T[], before: readonly string[]): T[] {
	const place = new Map(before.map((id, index) => [id, index]));
	return [...lines].sort((a, b) => (place.get(a.channel.id) ?? -1) - (place.get(b.channel.id) ?? -1));
}
