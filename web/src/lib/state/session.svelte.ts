import { getMe } from '$lib/api/calls';
import { forgetPosition } from '$lib/api/client';
import type { Level, Me, Node } from '$lib/api/types';
import { i18n } from '$lib/i18n/index.svelte';
import { clock } from './clock.svelte';
import { theme } from './theme.svelte';

const rank: Record<Level, number> = { reader: 0, member: 1, admin: 2, owner: 3 };

/** Who looks at the page, and what they may do. The server decides; this only hides what it would refuse. */
class Session {
	me = $state.raw<Me | null>(null);
	/** The session ended by itself (elsewhere, or by time), so the sign-in page says why. */
	ended = $state(false);
	private loading: Promise<void> | null = null;

	get person(): Node | null {
		return this.me?.person ?? null;
	}
	get admin(): boolean {
		return this.me?.instance_admin ?? false;
	}

	/** Asks the server; calls that overlap share one answer. */
	load(): Promise<void> {
		this.loading ??= getMe()
			.then((me) => this.take(me))
			.finally(() => (this.loading = null));
		return this.loading;
	}

	take(me: Me): void {
		if (me.person?.id !== this.person?.id) forgetPosition();
		const before = this.person?.id;
		this.me = me;
		if (me.person) this.ended = false;
		if (me.person && me.person.id !== before) {
			if (me.preferences.locale) i18n.set(me.preferences.locale);
			if (me.preferences.theme) theme.set(me.preferences.theme);
		}
		const server = Date.parse(me.server_time);
		if (!Number.isNaN(server) && clock.offset_ms === 0) clock.offset_ms = server - Date.now();
	}

	/** Whether the server takes the caller for another person than the page does. */
	isSomeoneElse(person_id: string | null): boolean {
		return this.me !== null && !this.loading && person_id !== (this.person?.id ?? null);
	}

	/** Whether one's level in a scope reaches this one. `live` is what the socket last said of it. */
	reaches(live: Level | undefined, scope_id: string, wanted: Level): boolean {
		if (this.admin) return true;
		const level = live ?? this.me?.levels[scope_id];
		return level !== undefined && rank[level] >= rank[wanted];
	}
}

export const session = new Session();
