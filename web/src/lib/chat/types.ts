import type { components } from '$lib/api/schema';
import type { Node } from '$lib/api/types';

// Short names for what is chat's of the server's own shapes, as in api/types.ts.
type Schemas = components['schemas'];

/** How much of a channel one is shown who opens it. */
export type History = Schemas['History'];
export type ChannelFacet = Schemas['ChannelFacet'];
export type MessageFacet = Schemas['MessageFacet'];
export type Reaction = MessageFacet['reactions'][number];
export type FileRef = MessageFacet['files'][number];
/** How far one has read a channel. */
export type ChannelMark = Schemas['ChannelMark'];
/** What a message said before. */
export type MessageEdit = Schemas['MessageEdit'];

export type ChannelNode = Node & { channel: ChannelFacet };
/** What it says is `body`, in Markdown. */
export type MessageNode = Node & { message: MessageFacet };

export interface MessagePage {
	/** Ascending by number. */
	items: MessageNode[];
	has_older: boolean;
	has_newer: boolean;
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
	return Boolean(node.message);
}

export function isChannel(node: Node): node is ChannelNode {
	return Boolean(node.channel);
}
