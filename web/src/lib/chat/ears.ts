import type { InboxPart, Status } from '$lib/live/connection';
import type { Present } from './connection';

/** What chat has to hear of the connection and of who looks at the page. */
export interface ChatEars {
	status(status: Status): void;
	inbox(what: readonly InboxPart[]): void;
	presence(channel_id: string, people: Present[]): void;
	/** The socket is gone. */
	cut(): void;
	/** Somebody else, or nobody, looks at the page now; the graph is cleared already. */
	become(person_id: string | null): void;
}
