import type { Node } from '$lib/api/types';

// The shapes of chat as docs/API.md has them. Names are those of the server's description.

/** How much of a channel one is shown who opens it. */
export type History = { kind: 'none' } | { kind: 'messages'; count: number } | { kind: 'days'; count: number };

export interface ChannelFacet {
	/** The thing the channel is beside; null: it stands for itself. */
	beside_id: string | null;
	history: History;
}

/** A person as they are named beside what they wrote. */
export interface Named {
	id: string;
	title: string;
}

export interface FileRef {
	id: string;
	name: string;
	media_type: string;
	size_bytes: number;
}

export interface Reaction {
	emoji: string;
	people: Named[];
}

export interface MessageFacet {
	channel_id: string;
	/** The message it answers; null: it stands in the channel itself. */
	thread_id: string | null;
	/** Dense from 1 among the channel's own messages, or among the replies of one. */
	number: number;
	/** Null: the server itself. */
	author: Named | null;
	edited_at: string | null;
	/** A deleted message keeps its place, without what it said. */
	deleted_at: string | null;
	pinned_at: string | null;
	pinned_by: string | null;
	/** When it became an update of the incident or maintenance the channel is beside. */
	promoted_at: string | null;
	replies: number;
	last_reply_at: string | null;
	/** People and teams that are told of it. */
	mentions: string[];
	reactions: Reaction[];
	files: FileRef[];
}

export type ChannelNode = Node & { channel: ChannelFacet };
/** What it says is `body`, in Markdown. */
export type MessageNode = Node & { message: MessageFacet };

/** How far one has read a channel. */
export interface ChannelMark {
	channel_id: string;
	/** Of the channel's newest message; 0: there is none. */
	last_number: number;
	last_at: string | null;
	read_number: number;
	muted: boolean;
}

export interface MessagePage {
	/** Ascending by number. */
	items: MessageNode[];
	has_older: boolean;
	has_newer: boolean;
}

/** What a message said before. */
export interface MessageEdit {
	id: string;
	at: string;
	body: string;
}

export interface MessageEditPage {
	items: MessageEdit[];
	next_cursor: string | null;
}

export interface ChannelFile extends FileRef {
	message_id: string;
	at: string;
}

export interface FilePage {
	items: ChannelFile[];
	next_cursor: string | null;
}

export function isMessage(node: Node): node is MessageNode {
	return 'message' in node && Boolean(node.message);
}

export function isChannel(node: Node): node is ChannelNode {
	return 'channel' in node && Boolean(node.channel);
}
