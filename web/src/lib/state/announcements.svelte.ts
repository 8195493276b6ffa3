import { inState, isAnnouncement } from '$lib/announcement/announcements';
import { keepAway, keptAway, onKeptAway, printOf } from '$lib/announcement/away';
import { dismissAnnouncement, listAnnouncements } from '$lib/api/announcements';
import type { AnnouncementNode, Node } from '$lib/api/types';
import { session } from './session.svelte';

const limit = 50;

/**
 * What stands on top of every page. The announcements themselves come by the graph; which of them a
 * person has put away is read, and kept in the browser for somebody who is not signed in.
 */
class Announcements {
	/** As read before the graph had them, so that the first picture of a page holds them. */
	private first = $state.raw<AnnouncementNode[]>([]);
	private of = $state<string | null>(null);
	private away = $state.raw<readonly string[]>([]);
	private kept = $state.raw<readonly string[]>(keptAway());
	private turn = 0;

	/** Of whoever looks at the page now; what was read for somebody else counts for nothing. */
	private get who(): string {
		return session.person?.id ?? '';
	}

	/** Those shown now, of these or of those read first. */
	shown(nodes: Iterable<AnnouncementNode> | null): AnnouncementNode[] {
		const known = this.of === this.who;
		const all = nodes ?? (known ? this.first : []);
		return inState(all, 'active').filter((node) => !this.isAway(node));
	}

	isAway(node: AnnouncementNode): boolean {
		if (!session.person) return this.kept.includes(printOf(node));
		return this.of !== this.who || this.away.includes(node.id);
	}

	/** Never throws: without an answer what is known stays. */
	async read(): Promise<void> {
		const turn = ++this.turn;
		const who = this.who;
		try {
			const { items } = await listAnnouncements({ state: 'active', limit });
			if (turn !== this.turn || who !== this.who) return;
			this.of = who;
			this.first = (items as Node[]).filter(isAnnouncement);
			this.away = items.filter((item) => item.dismissed).map((item) => item.id);
		} catch {
			// The next sign of a change, or the next connection, asks again.
		}
	}

	/** At once here; on all other devices of the person as soon as they are told. */
	async dismiss(node: AnnouncementNode): Promise<void> {
		if (!session.person) {
			this.kept = keepAway(this.kept, printOf(node));
			return;
		}
		const before = this.away;
		this.turn++; // an answer that is under way does not know of it
		this.away = [...before, node.id];
		try {
			await dismissAnnouncement(node.id);
		} catch (cause) {
			this.away = before;
			throw cause;
		}
	}

	hearOtherTabs(): () => void {
		return onKeptAway(() => (this.kept = keptAway()));
	}
}

export const announcements = new Announcements();
