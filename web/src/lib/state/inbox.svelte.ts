import { untrack } from 'svelte';
import { countUnread } from '$lib/api/messages';
import { session } from './session.svelte';
import { signs } from './signs.svelte';

/** How many of the viewer's notifications are unread. */
class Inbox {
	unread = $state(0);
	private turn = 0;

	/** Reads it anew with each sign; call it in an effect. */
	follow(): void {
		void signs.notifications;
		const id = session.person?.id;
		untrack(() => void this.read(id));
	}

	/** The tab's title says it too. */
	titled(title: string): string {
		return this.unread > 0 ? `(${this.unread}) ${title}` : title;
	}

	private async read(person_id: string | undefined): Promise<void> {
		const turn = ++this.turn;
		if (!person_id) {
			this.unread = 0;
			return;
		}
		try {
			const unread = await countUnread();
			if (turn === this.turn) this.unread = unread;
		} catch {
			// The number of before stays; the next sign, or the next connection, asks again.
		}
	}
}

export const inbox = new Inbox();
