import { tick, untrack } from 'svelte';
import { session } from '$lib/state/session.svelte';
import { Soon } from '$lib/state/soon';
import { chat } from './chat.svelte';
import { spoken } from './mention';
import { NewLine } from './new-line.svelte';
import { rowsOf } from './rows';
import { Scroll } from './scroll.svelte';
import type { MessageNode } from './types';

/** How far one has read is told at most so often (ms). */
const marks_every_ms = 500;
/** More that come at once are not read out: nobody could follow. */
const told_max = 5;

/**
 * The messages of a channel, or of a thread of it, as somebody reads them: what is listed, where they are in
 * it, and how far they have read. Make it while a component is being made.
 */
export class Listing {
	readonly messages = $derived.by(() => chat().messages(this.channel_id, this.thread_id));
	readonly state = $derived.by(() => chat().state(this.channel_id, this.thread_id));
	readonly line = new NewLine();
	readonly rows = $derived.by(() => rowsOf(this.messages, this.line.after));
	readonly scroll = new Scroll(
		() => this.list,
		() => this.moved()
	);
	/** The element that has the rows as children. */
	list = $state.raw<HTMLElement | null>(null);
	/** The list is in view: on the page, and the page itself. */
	looking = $state(false);
	/** The message that was asked for by its number. */
	marked = $state<number | null>(null);
	/** It was asked for, and is not there. */
	missing = $state(false);
	/** What came last, for those who are told by voice. */
	told = $state('');

	/** Threads have none of their own. */
	private readonly mark = $derived.by(() => (this.thread_id ? undefined : chat().marks().get(this.channel_id)));
	private readonly last = $derived(this.messages.at(-1)?.message.number ?? 0);
	private opened = false;
	/** The line stands where the mark says. */
	private lined = false;
	private heard = 0;
	private seen = 0;
	private readonly telling = new Soon(() => chat().read(this.channel_id, this.seen), marks_every_ms);

	constructor(
		private readonly channel_id: string,
		private readonly thread_id: string | undefined,
		/** The number of the message to begin at. */
		jump: () => number | null
	) {
		$effect(() => {
			const asked = jump();
			void [this.state.phase, this.list, this.mark, chat().marksAnswered()];
			untrack(() => this.begin(asked));
		});
		$effect(() => {
			void [this.rows, this.state];
			untrack(() => this.follow());
		});
		$effect(() => {
			void this.looking;
			untrack(() => this.settleLine());
		});
		$effect(() => () => {
			this.telling.stop();
			if (this.seen > 0) chat().read(this.channel_id, this.seen);
		});
	}

	/** Messages that one has not read yet. */
	get unread(): number {
		return this.mark ? Math.max(0, this.mark.last_number - this.mark.read_number) : 0;
	}

	/** Brings a message into view and marks it, reading around it if it is not there. */
	async go(number: number): Promise<void> {
		this.missing = false;
		this.marked = number;
		if (!this.elementOf(number)) await chat().history(this.channel_id, { around: number }, this.thread_id);
		await tick();
		const row = this.elementOf(number);
		this.missing = row === null && this.state.problem === null;
		if (row) this.scroll.show(row, 0.35);
		row?.focus({ preventScroll: true });
	}

	async toNewest(): Promise<void> {
		if (this.state.has_newer) await chat().history(this.channel_id, 'newest', this.thread_id);
		await tick();
		this.scroll.ends = !this.state.has_newer;
		this.scroll.toEnd();
	}

	/** What was refused at one end is read again. */
	again(end: 'older' | 'newer'): void {
		const seek = this.state.failed[end]?.seek;
		if (typeof seek === 'object') void this.go(seek.around);
		else if (seek === 'newest' && this.messages.length > 0) void this.toNewest();
		else if (seek) void chat().history(this.channel_id, seek, this.thread_id);
	}

	/** One has answered: what was new is old, and the end is where one is. */
	wrote(): Promise<void> {
		this.line.wrote();
		return this.toNewest();
	}

	private elementOf(number: number): HTMLElement | null {
		return this.list?.querySelector<HTMLElement>(`[data-number="${number}"]`) ?? null;
	}

	/** Once all is known that says where. */
	private begin(jump: number | null): void {
		if (this.state.phase !== 'ready' || !this.list) return;
		// Of some channels no mark comes: they are read all the same.
		const known = this.thread_id !== undefined || !session.person || this.mark !== undefined || chat().marksAnswered();
		if (jump !== null && this.marked !== jump) {
			this.open();
			void this.go(jump);
		} else if (known && !this.opened) {
			this.open();
			void this.toLine();
		} else if (this.opened) {
			this.open();
		}
	}

	private open(): void {
		if (!this.opened) this.heard = this.last;
		this.opened = true;
		// One that comes late only sets the line.
		if (this.mark && !this.lined) this.line.open(this.mark.read_number, this.mark.last_number);
		this.lined ||= this.mark !== undefined;
	}

	/** To what is new, if that began above what is in view at the end. */
	private async toLine(): Promise<void> {
		await tick();
		this.scroll.settle();
		const line = this.list?.querySelector('[data-new]');
		if (line && this.scroll.placeOf(line) === 'above') this.scroll.show(line, 0.2);
	}

	/** With each change of what is listed. */
	private follow(): void {
		this.scroll.ends = !this.state.has_newer;
		this.scroll.settle();
		this.hear();
	}

	private hear(): void {
		const from = this.heard;
		if (!this.opened || this.last <= from) return;
		this.heard = this.last;
		const fresh = this.messages.filter(({ message }) => message.number > from);
		const newest = fresh.at(-1);
		if (!newest || fresh.length > told_max || this.state.has_newer) return;
		if (newest.message.author?.id !== session.person?.id) this.told = said(newest);
	}

	/** When one looks away, or back. */
	private settleLine(): void {
		if (this.looking) this.moved();
		else if (this.mark && this.mark.read_number >= this.mark.last_number) this.line.settle(this.mark.last_number);
	}

	/** Something else is in view than before. */
	private moved(): void {
		const { has_older, has_newer, seeking, failed, phase } = this.state;
		if (phase !== 'ready' || !this.opened) return;
		const near = this.scroll.near();
		if (!seeking) {
			if (near.older && has_older && !failed.older) void chat().history(this.channel_id, 'older', this.thread_id);
			else if (near.newer && has_newer && !failed.newer) void chat().history(this.channel_id, 'newer', this.thread_id);
		}
		this.markRead();
	}

	private markRead(): void {
		if (this.thread_id !== undefined || !session.person) return;
		const lowest = this.scroll.lastSeen() as HTMLElement | null;
		const number = this.scroll.sees_end ? this.last : Number(lowest?.dataset.number ?? 0);
		if (this.mark) this.line.come(this.mark.last_number, this.looking && this.scroll.sees_end);
		if (!this.looking || number <= Math.max(this.mark?.read_number ?? 0, this.seen)) return;
		this.seen = number;
		this.telling.ask();
	}
}

function said({ message, body }: MessageNode): string {
	return [message.author?.title, spoken(body)].filter(Boolean).join(': ');
}
