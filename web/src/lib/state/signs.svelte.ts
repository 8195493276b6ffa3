import type { InboxPart } from '$lib/live/connection';

/** Rises when something of the viewer's own may have changed: whoever shows it reads it anew. */
class Signs implements Record<InboxPart, number> {
	notifications = $state(0);
	dismissals = $state(0);
	channels = $state(0);

	hear(what: readonly InboxPart[]): void {
		for (const part of what) this[part]++;
	}
}

export const signs = new Signs();
