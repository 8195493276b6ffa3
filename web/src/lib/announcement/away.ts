import type { AnnouncementNode } from '$lib/api/types';

/** What somebody who is not signed in has put away: told apart by its words, since other words are news. */
const storage_key = 'synops.announcements.away';
const most = 100;

/** The same for the same words and the same begin. */
export function printOf({ id, title, body, announcement }: AnnouncementNode): string {
	let hash = 5381;
	for (const letter of `${title}\n${body}\n${announcement.starts_at}`) {
		hash = ((hash * 33) ^ (letter.codePointAt(0) ?? 0)) >>> 0;
	}
	return `${id}.${hash.toString(36)}`;
}

export function keptAway(): string[] {
	try {
		const kept: unknown = JSON.parse(localStorage.getItem(storage_key) ?? '[]');
		return Array.isArray(kept) ? kept.filter((one) => typeof one === 'string') : [];
	} catch {
		return []; // storage may be blocked, or hold what another program wrote
	}
}

/** Answers all that is put away now; the oldest go when there are too many. */
export function keepAway(prints: readonly string[], print: string): string[] {
	const kept = [...prints.filter((one) => one !== print), print].slice(-most);
	try {
		localStorage.setItem(storage_key, JSON.stringify(kept));
	} catch {
		// As above: it stays away as long as the page.
	}
	return kept;
}

/** Another tab of the browser has put something away. */
export function onKeptAway(changed: () => void): () => void {
	const hear = (event: StorageEvent) => event.key === storage_key && changed();
	addEventListener('storage', hear);
	return () => removeEventListener('storage', hear);
}
