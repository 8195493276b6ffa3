import { SvelteMap } from 'svelte/reactivity';
import type { Present } from './connection';

/** Others are told so often at most that somebody is writing, in each channel. */
export const typing_every_ms = 3_000;

const nobody: Present[] = [];

/** Who has the channels open that are open here. */
export class Presence {
	private readonly people = new SvelteMap<string, Present[]>();
	private readonly typed = new Map<string, number>();

	constructor(
		private readonly isOpen: (channel_id: string) => boolean,
		private readonly tell: (channel_id: string) => void
	) {}

	/** Without oneself. */
	of(channel_id: string, person_id: string | null): Present[] {
		const people = this.people.get(channel_id) ?? nobody;
		return people.some(({ id }) => id === person_id) ? people.filter(({ id }) => id !== person_id) : people;
	}

	hear(channel_id: string, people: Present[]): void {
		if (this.isOpen(channel_id)) this.people.set(channel_id, people);
	}

	closed(channel_id: string): void {
		this.people.delete(channel_id);
		this.typed.delete(channel_id);
	}

	/** Nobody tells of them any more. */
	forget(): void {
		this.people.clear();
		this.typed.clear();
	}

	typing(channel_id: string): void {
		const now = Date.now();
		if (!this.isOpen(channel_id) || now - (this.typed.get(channel_id) ?? -Infinity) < typing_every_ms) return;
		this.typed.set(channel_id, now);
		this.tell(channel_id);
	}
}
