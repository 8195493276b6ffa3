import { asApiError, type ApiError } from '$lib/api/problem';
import { session } from '$lib/state/session.svelte';
import { chat } from './chat.svelte';
import { drafts } from './drafts';
import { onNewest } from './on-newest';
import type { FileRef, MessageNode } from './types';

/** What somebody writes: a new message, kept as a draft until it is sent, or one of their own anew. */
export class Writing {
	text = $state('');
	/** The message that is written anew; what was written before comes back afterwards. */
	editing = $state.raw<MessageNode | null>(null);
	busy = $state(false);
	error = $state.raw<ApiError | null>(null);
	private readonly key: string;

	constructor(
		private readonly channel_id: string,
		private readonly thread_id: string | undefined
	) {
		this.key = [session.person?.id ?? '', channel_id, thread_id ?? ''].join('.');
		this.text = drafts.get(this.key);
	}

	/** As it is typed. */
	type(text: string): void {
		this.text = text;
		if (this.editing) return;
		drafts.set(this.key, text);
		if (text.trim()) chat().typing(this.channel_id);
	}

	begin(message: MessageNode): void {
		this.editing = message;
		this.error = null;
		this.text = message.body;
	}

	leave(): void {
		this.editing = null;
		this.error = null;
		this.text = drafts.get(this.key);
	}

	/** What a message that was taken back said, before what is written now. */
	takeUp(body: string): void {
		this.leave();
		this.type([body, this.text].filter((text) => text.trim()).join('\n\n'));
	}

	/** Whether there was something to send; it is queued, so that one can write on at once. */
	send(files: FileRef[]): boolean {
		const body = this.text.trim();
		if (!body && files.length === 0) return false;
		chat().send(this.channel_id, { body, thread_id: this.thread_id ?? null, files });
		this.type('');
		return true;
	}

	/** Whether the message is changed, or was not to be. */
	async save(): Promise<boolean> {
		const message = this.editing;
		const body = this.text.trim();
		if (!message || this.busy || (!body && message.message.files.length === 0)) return false;
		this.busy = true;
		this.error = null;
		try {
			if (body !== message.body) await onNewest(message, (newest) => chat().edit(newest, body));
			if (this.editing === message) this.leave();
			return true;
		} catch (cause) {
			this.error = asApiError(cause);
			return false;
		} finally {
			this.busy = false;
		}
	}
}
