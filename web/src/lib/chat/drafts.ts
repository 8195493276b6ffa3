/** So many are kept, of so many letters together: the oldest go first. */
export const drafts_max = 50;
export const drafts_max_chars = 200_000;

/** Holds pairs of key and text in sessionStorage, the oldest first. */
const storage_key = 'synops.drafts';

/** What was written and not sent: of each person, channel and thread apart. It lasts as long as the tab. */
export class Drafts {
	private readonly texts: Map<string, string>;

	constructor(private readonly storage: () => Pick<Storage, 'getItem' | 'setItem'>) {
		this.texts = new Map(this.read());
	}

	get(key: string): string {
		return this.texts.get(key) ?? '';
	}

	set(key: string, text: string): void {
		if (text === this.get(key)) return;
		this.texts.delete(key);
		if (text.trim()) this.texts.set(key, text);
		this.bound();
		try {
			this.storage().setItem(storage_key, JSON.stringify([...this.texts]));
		} catch {
			// Storage may be blocked or full: they last as long as the page.
		}
	}

	private bound(): void {
		let chars = [...this.texts.values()].reduce((sum, text) => sum + text.length, 0);
		for (const [key, text] of this.texts) {
			if (this.texts.size <= drafts_max && chars <= drafts_max_chars) return;
			this.texts.delete(key);
			chars -= text.length;
		}
	}

	private read(): [string, string][] {
		try {
			const kept: unknown = JSON.parse(this.storage().getItem(storage_key) ?? '[]');
			return Array.isArray(kept) ? kept.filter(isPair).slice(-drafts_max) : [];
		} catch {
			return []; // Storage may be blocked, or hold something else.
		}
	}
}

function isPair(one: unknown): one is [string, string] {
	return Array.isArray(one) && one.length === 2 && one.every((part) => typeof part === 'string');
}

export const drafts = new Drafts(() => sessionStorage);
