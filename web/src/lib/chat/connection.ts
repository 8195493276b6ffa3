import type { ApiError } from '$lib/api/problem';
import type { Audience } from '$lib/api/types';
import type { ChannelMark, FilePage, FileRef, MessageEdit, MessageNode } from './types';

export interface Draft {
	body: string;
	thread_id?: string | null;
	files?: FileRef[];
}

/** A message that is on its way. */
export interface Waiting {
	/** The message's own, once it is there. */
	id: string;
	channel_id: string;
	thread_id: string | null;
	body: string;
	files: FileRef[];
	/** When it was written, in the browser's clock (ms). */
	at: number;
	state: 'waiting' | 'sending' | 'refused';
	/** Why it was refused. */
	problem: ApiError | null;
	/** Nothing of it can be there already. */
	mayTakeBack: boolean;
}

/** Somebody who has the channel open. */
export interface Present {
	id: string;
	title: string;
	typing: boolean;
}

export type ReadOnly = 'polling' | 'signed_out' | 'reader';
export type Seek = 'older' | 'newer' | 'newest' | { around: number };

/** A read of history that was refused. */
export interface Failed {
	seek: Seek;
	problem: ApiError;
}

export interface ChatState {
	/** gone: not there, or not (any more) for the viewer. */
	phase: 'loading' | 'ready' | 'gone';
	has_older: boolean;
	has_newer: boolean;
	/** A page of history is being read. */
	seeking: boolean;
	/** Of a read of history. */
	problem: ApiError | null;
	/** The same, by the end of what is shown at which more is missing. */
	failed: { older: Failed | null; newer: Failed | null };
	/** Null: one may write. */
	read_only: ReadOnly | null;
	/** Of the channel, or of the thread that was asked for; oldest first. */
	waiting: Waiting[];
	/** Who else has the channel open. */
	people: Present[];
}

/**
 * Chat as the page has it. One implementation is chosen with the live
 * connection at start, and never swapped. Writes reject with an ApiError.
 */
export interface ChatConnection {
	readonly kind: 'live' | 'polling';
	/** Follows the channel until it is ended. Several may follow one. */
	open(channel_id: string): () => void;
	/** Ascending by number; those of a thread with its id. Reactive. */
	messages(channel_id: string, thread_id?: string): MessageNode[];
	/** Reactive. */
	state(channel_id: string, thread_id?: string): ChatState;
	/** Moves what `messages` shows. A refusal is told by `state`, not thrown. */
	history(channel_id: string, seek: Seek, thread_id?: string): Promise<void>;
	/** Queued and sent in order, once; its id. */
	send(channel_id: string, draft: Draft): string;
	/** Another try for one that was refused. */
	resend(id: string): void;
	/** Those that were refused, in whichever channel, also where one does not see it any more. Reactive. */
	unsent(): Waiting[];
	/** Not to be sent any more: handed back as a draft. Null: it is on its way or may be there already. */
	takeBack(id: string): Draft | null;
	edit(message: MessageNode, body: string): Promise<void>;
	remove(message: MessageNode): Promise<void>;
	react(message: MessageNode, emoji: string, on: boolean): Promise<void>;
	pin(message: MessageNode, pinned: boolean): Promise<void>;
	promote(message: MessageNode, audience: Audience): Promise<void>;
	/** What it said before, newest first. */
	edits(message: MessageNode): Promise<MessageEdit[]>;
	pins(channel_id: string): Promise<MessageNode[]>;
	files(channel_id: string, cursor?: string): Promise<FilePage>;
	/** `progress` is told shares from 0 to 1. */
	upload(channel_id: string, file: File, progress: (share: number) => void, signal: AbortSignal): Promise<FileRef>;
	/** Told to who has the channel open; as often as one likes. */
	typing(channel_id: string): void;
	/** One's own marks of all channels: what is unread. Reactive. */
	marks(): ReadonlyMap<string, ChannelMark>;
	/** What is missing among them is not about to come: the server has listed them, or does not for now. Reactive. */
	marksAnswered(): boolean;
	/** Read up to this number; a lower one than before changes nothing. */
	read(channel_id: string, number: number): void;
	mute(channel_id: string, muted: boolean): Promise<void>;
}
