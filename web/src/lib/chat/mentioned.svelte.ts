import { listNotifications } from '$lib/api/messages';
import { asApiError, type ApiError } from '$lib/api/problem';
import type { Notification } from '$lib/api/types';

const kinds = ['message_mention', 'message_reply'];
/** So many notifications are looked through at once, in so many pages, for those of a conversation. */
const page_limit = 100;
const pages_max = 5;

/** Where one was named or answered: those of the notifications that tell it, the newest first. */
export class Mentioned {
	items = $state.raw<Notification[] | null>(null);
	error = $state.raw<ApiError | null>(null);
	busy = $state(false);
	private cursor = $state.raw<string | null>(null);
	private turn = 0;

	/** There may be more. */
	get more(): boolean {
		return this.cursor !== null;
	}

	/** From the newest on. */
	run(): Promise<void> {
		return this.read([], null);
	}

	grow(): Promise<void> {
		return this.cursor ? this.read(this.items ?? [], this.cursor) : Promise.resolve();
	}

	private async read(before: Notification[], from: string | null): Promise<void> {
		const turn = ++this.turn;
		this.busy = true;
		try {
			const found = [...before];
			let cursor = from;
			for (let page = 0; page < pages_max; page++) {
				const { items, next_cursor } = await listNotifications({ limit: page_limit, ...(cursor ? { cursor } : {}) });
				if (turn !== this.turn) return; // a later read is under way
				found.push(...items.filter(({ kind }) => kinds.includes(kind)));
				cursor = next_cursor;
				if (!cursor || found.length >= before.length + page_limit / 2) break;
			}
			this.items = found;
			this.cursor = cursor;
			this.error = null;
		} catch (cause) {
			if (turn === this.turn) this.error = asApiError(cause);
		} finally {
			if (turn === this.turn) this.busy = false;
		}
	}
}
