import type { Problem } from '$lib/api/types';
import type { FileRef } from './types';

/** A message that waits to be sent, as it is kept. */
export interface Kept {
	id: string;
	channel_id: string;
	thread_id: string | null;
	body: string;
	files: FileRef[];
	/** When it was written, in the browser's clock (ms). */
	at: number;
	/** It may be there already: its answer did not come. */
	tried: boolean;
	refused: { code: string; status: number; problem: Problem | null } | null;
}

/** So many messages of a person wait at most. */
export const queue_limit = 100;
export const body_limit_bytes = 65_536;

/** By person. Two pages of one browser share it: each looks again before it changes something. */
const keyOf = (person_id: string) => `synops-outbox:${person_id}`;
/** Who signed in last in this browser, so that no page sends what is another's. */
const whose = 'synops-outbox-of';

/** Messages that wait, kept in the browser so that they outlive the page. */
export class Queue {
	/** As long as the page lives, where the browser keeps nothing. */
	private readonly memory = new Map<string, Kept[]>();

	constructor(private readonly storage: Storage | null) {}

	of(person_id: string): Kept[] {
		if (!this.storage) return this.memory.get(person_id) ?? [];
		try {
			const kept: unknown = JSON.parse(this.storage.getItem(keyOf(person_id)) ?? '[]');
			return Array.isArray(kept) ? kept.filter(isKept).slice(0, queue_limit) : [];
		} catch {
			return [];
		}
	}

	/** Whether there was room for them. */
	keep(person_id: string, kept: Kept[]): boolean {
		if (kept.length > queue_limit) return false;
		try {
			if (!this.storage) this.memory.set(person_id, kept);
			else if (kept.length === 0) this.storage.removeItem(keyOf(person_id));
			else this.storage.setItem(keyOf(person_id), JSON.stringify(kept));
			return true;
		} catch {
			return false; // the browser's own limit
		}
	}

	/** This person has signed in, or is found to be. */
	claim(person_id: string): void {
		try {
			this.storage?.setItem(whose, person_id);
		} catch {
			// A browser that is full: then nothing new is kept either.
		}
	}

	/** Whether nobody else has signed in since, on another page of this browser. */
	isOf(person_id: string): boolean {
		return !this.storage || (this.storage.getItem(whose) ?? person_id) === person_id;
	}

	/** Whether a change that another page made is one of this person's queue. */
	concerns(person_id: string, { key }: { key: string | null }): boolean {
		return key === null || key === keyOf(person_id);
	}
}

/** The browser's, where it keeps something. */
export function browserStorage(): Storage | null {
	try {
		const probe = 'synops-probe';
		localStorage.setItem(probe, '');
		localStorage.removeItem(probe);
		return localStorage;
	} catch {
		return null;
	}
}

function isKept(value: unknown): value is Kept {
	if (typeof value !== 'object' || value === null) return false;
	const { id, channel_id, body, files, at } = value as Partial<Kept>;
	return [id, channel_id, body].every((text) => typeof text === 'string') && Array.isArray(files) && typeof at === 'number';
}
