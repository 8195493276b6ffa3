import type { Audience, Node } from '$lib/api/types';
import type { ChannelMark, FilePage, FileRef, MessageEdit, MessageNode, MessagePage } from './types';

/** Which messages of a channel, or of a thread in it; without a number the newest. */
export interface PageQuery {
	thread_id?: string;
	/** Only those below this number. */
	before?: number;
	/** Only those above it, the lowest of them. */
	after?: number;
	/** Those on both sides of it, and itself. */
	around?: number;
	limit: number;
}

/** A message as it is sent; its id makes sure that it is there once, however often it is sent. */
export interface NewMessage {
	id: string;
	body: string;
	thread_id?: string;
	file_ids?: string[];
}

/** What chat asks of the server by plain requests; api/chat.ts has them. They reject with an ApiError. */
export interface ChatCalls {
	listMessages(channel_id: string, query: PageQuery, signal?: AbortSignal): Promise<MessagePage>;
	postMessage(channel_id: string, message: NewMessage, signal?: AbortSignal): Promise<Node>;
	/** Of this version alone. */
	editMessage(id: string, version: number, body: string): Promise<Node>;
	deleteMessage(id: string, version: number): Promise<Node>;
	listEdits(id: string, query: { cursor?: string; limit: number }): Promise<{ items: MessageEdit[] }>;
	react(id: string, emoji: string, on: boolean): Promise<Node>;
	pin(id: string, pinned: boolean): Promise<Node>;
	promote(id: string, audience: Audience): Promise<Node>;
	listPins(channel_id: string): Promise<{ items: MessageNode[] }>;
	listFiles(channel_id: string, query: { cursor?: string; limit: number }): Promise<FilePage>;
	upload(channel_id: string, file: File, progress: (share: number) => void, signal: AbortSignal): Promise<FileRef>;
	listMarks(): Promise<{ items: ChannelMark[] }>;
	setMark(channel_id: string, mark: { read_number?: number; muted?: boolean }): Promise<ChannelMark>;
}
