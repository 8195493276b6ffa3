import type { NoteValues } from './merging.svelte';

/** What was typed into a note and not saved, with what it was typed over. */
export interface Kept {
	version: number;
	base: NoteValues;
	values: NoteValues;
}

/** So many are kept: those typed at longest ago go first. A text has up to 64 KiB, and storage room for a few MiB. */
export const kept_max = 10;

/** Each is an entry of its own in sessionStorage, under this and `<person>.<note>`. */
const prefix = 'synops.note.';

type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

/** Texts of notes that are not saved. They last as long as the tab, also over a reload. */
export class KeptTexts {
	constructor(
		private readonly storage: () => Store,
		private readonly now_ms: () => number = Date.now
	) {}

	get(key: string): Kept | null {
		try {
			const kept: unknown = JSON.parse(this.storage().getItem(prefix + key) ?? 'null');
			return isKept(kept) ? kept : null;
		} catch {
			return null; // Storage may be blocked, or hold something else.
		}
	}

	set(key: string, kept: Kept | null): void {
		try {
			const storage = this.storage();
			if (!kept) return storage.removeItem(prefix + key);
			storage.setItem(prefix + key, JSON.stringify({ ...kept, at_ms: this.now_ms() }));
			this.bound(storage);
		} catch {
			// Storage may be blocked or full: whoever leaves is asked before it is lost.
		}
	}

	private bound(storage: Store): void {
		const keys = Array.from({ length: storage.length }, (_, at) => storage.key(at) ?? '').filter((key) => key.startsWith(prefix));
		if (keys.length <= kept_max) return;
		const aged = keys.map((key) => ({ key, at_ms: ageOf(storage.getItem(key)) })).sort((a, b) => a.at_ms - b.at_ms);
		for (const { key } of aged.slice(0, keys.length - kept_max)) storage.removeItem(key);
	}
}

function ageOf(text: string | null): number {
	try {
		const { at_ms } = JSON.parse(text ?? '{}') as { at_ms?: unknown };
		return typeof at_ms === 'number' ? at_ms : 0;
	} catch {
		return 0;
	}
}

function isValues(one: unknown): one is NoteValues {
	const { title, body } = (one ?? {}) as Partial<NoteValues>;
	return typeof title === 'string' && typeof body === 'string';
}

function isKept(one: unknown): one is Kept {
	const { version, base, values } = (one ?? {}) as Partial<Kept>;
	return typeof version === 'number' && isValues(base) && isValues(values);
}

export const keptTexts = new KeptTexts(() => sessionStorage);
