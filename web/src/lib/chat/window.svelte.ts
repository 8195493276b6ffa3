import { asApiError, type ApiError } from '$lib/api/problem';
import type { ChannelRows, Look, Snapshot } from '$lib/live/channel-rows.svelte';
import type { MessageStore } from '$lib/live/messages.svelte';
import type { PageQuery } from './calls';
import type { ChatState, Seek } from './connection';
import type { MessageNode, MessagePage } from './types';

const none: ChatState['failed'] = { older: null, newer: null };

/** A page of history. */
export const page_messages = 100;
/** So many more are shown at once. */
const part_messages = 20;
/** So many are read again in one request at most: what the server hands out at once. */
export const refresh_limit_messages = 200;

/** What is shown: all numbers from one to another. */
interface Place {
	from: number;
	/** One less than `from`: nothing is shown. */
	to: number;
	/** The lowest number there is for the viewer. */
	floor: number;
	/** It grows with what comes. */
	attached: boolean;
}

export interface WindowOptions {
	/** So many are shown at most. */
	limit_messages: number;
	read(query: PageQuery, signal?: AbortSignal): Promise<MessagePage>;
	/** Between parts of a page, which would else be shown at once. */
	breathe?: (() => Promise<void>) | undefined;
}

/** To learn where the end is, without showing what is before it. */
type Aim = Seek | 'end';

/** The run of messages that is shown, of a channel or of a thread in it. The rows themselves are the store's. */
export class HistoryWindow implements Look {
	seeking = $state(false);
	/** What was refused last at each end of what is shown. */
	failed = $state.raw<ChatState['failed']>(none);
	private place = $state.raw<Place | null>(null);
	/** Where the page that is being read will be. */
	private aim: [from: number, to: number] | null = null;
	/** Which way one went last: what goes for what comes is at the other end. */
	private heading: 'older' | 'newer' = 'newer';
	private turn = 0;
	private underWay: { aim: Aim; askedAt: number; done: Promise<void> } | null = null;

	readonly shown: MessageNode[] = $derived.by(() => {
		void this.rows.changed;
		if (!this.place) return [];
		const { from, to } = this.place;
		const shown: MessageNode[] = [];
		for (let number = from; number <= to; number++) {
			const row = this.rows.at(this.thread_id, number);
			if (row) shown.push(row);
		}
		return shown;
	});

	constructor(
		private readonly store: MessageStore,
		private readonly rows: ChannelRows,
		readonly thread_id: string | null,
		private readonly options: WindowOptions
	) {
		rows.looks.add(this);
		if (thread_id === null && rows.snapshot) this.began(rows.snapshot);
	}

	get problem(): ApiError | null {
		return (this.failed.older ?? this.failed.newer)?.problem ?? null;
	}
	/** It is known what to show. */
	get placed(): boolean {
		return this.place !== null;
	}
	get has_older(): boolean {
		return this.place !== null && this.place.from > this.place.floor;
	}
	get has_newer(): boolean {
		void this.rows.changed;
		return this.place !== null && this.place.to < this.rows.last(this.thread_id);
	}

	/** It will be shown as soon as those before it are here. */
	awaits(number: number): boolean {
		void this.rows.changed;
		return this.place !== null && this.place.attached && number > this.place.to;
	}

	distance(number: number): number {
		const ranges = [this.aim, this.place && ([this.place.from, this.place.to] as const)];
		return Math.min(...ranges.map((range) => (range ? Math.max(0, range[0] - number, number - range[1]) : Infinity)));
	}

	/** Nobody looks at it any more, or somebody else. */
	end(): void {
		this.forget();
		this.rows.looks.delete(this);
	}

	/** What was refused is tried again by whoever comes near that end; by nobody where there is nothing to scroll. */
	level(): void {
		if (!this.problem) return;
		this.failed = none;
		if (this.place || this.seeking) return;
		if (this.thread_id === null && this.rows.snapshot) this.beginAt(this.rows.snapshot);
		else void this.go('newest');
	}

	forget(): void {
		this.stop();
		this.failed = none;
		this.place = null;
		this.heading = 'newer';
	}

	began(snapshot: Snapshot): void {
		const { range, truncated, again } = snapshot;
		if (this.isAnswerable() || (again && this.seeking)) return;
		if (this.place && (again || this.isWhole(this.place))) {
			if (this.thread_id === null && range) this.meet(range, truncated);
			return;
		}
		const before = this.place;
		this.stop();
		this.failed = none;
		// What was read before may be old, and is not held any more.
		if (before && !before.attached && before.to >= before.from) {
			this.place = null;
			void this.seek({ around: Math.ceil((before.from + before.to) / 2) });
		} else if (this.thread_id === null) {
			this.beginAt(snapshot);
		} else if (before) {
			void this.go('newest');
		}
	}

	/** Grows with what came. */
	stirred(): void {
		const { place } = this;
		if (!place?.attached) return;
		let to = place.to;
		while (this.rows.at(this.thread_id, to + 1)) to++;
		if (to === place.to) return;
		const limit = this.options.limit_messages;
		// What somebody reads who went back is not taken from under their eyes.
		const attached = to - place.from < limit || this.heading === 'newer';
		if (!attached) to = place.from + limit - 1;
		this.place = { ...place, from: Math.max(place.from, to - limit + 1), to, attached };
	}

	/** Never throws: a refusal is `problem`. The same again, while it is under way, is one request. */
	seek(seek: Seek): Promise<void> {
		if (!this.place && typeof seek !== 'object') return this.go('newest');
		const isThere = seek === 'newest' && this.place?.attached && !this.has_newer && !this.seeking;
		return isThere ? Promise.resolve() : this.go(seek);
	}

	/** Reads again what is shown and no first rows bring, where one polls. */
	async refresh(signal: AbortSignal): Promise<void> {
		const { place } = this;
		const query = place && this.again(place);
		if (!query) return;
		const mark = this.store.mark();
		const { items } = await this.options.read(query, signal);
		const numbers = items.map(({ message }) => message.number);
		const [first, last] = [numbers[0] ?? 1, numbers.at(-1) ?? 0];
		const from = query.after === undefined ? first : query.after + 1;
		const to = query.after === undefined ? last : query.after + query.limit;
		if (!this.store.paged(this.rows, items, mark, { thread_id: this.thread_id, from, to })) return;
		if (query.after === undefined && this.place?.attached && items.length) this.meet({ first, last }, true);
	}

	private again({ from, to, attached }: Place): PageQuery | null {
		const thread = this.thread_id === null ? {} : { thread_id: this.thread_id };
		const range = this.thread_id === null ? this.rows.snapshot?.range : null;
		if (range && from >= range.first) return null;
		if (attached && !range) return { ...thread, limit: refresh_limit_messages };
		const end = range ? Math.min(to, range.first - 1) : to;
		return end < from ? null : { ...thread, after: from - 1, limit: Math.min(refresh_limit_messages, end - from + 1) };
	}

	/** The newest were read: goes on with them, unless there is a gap. */
	private meet(range: { first: number; last: number }, truncated: boolean): void {
		const { place } = this;
		if (!place?.attached) return;
		const floor = truncated ? place.floor : range.first;
		if (range.first > place.to + 1) this.place = { from: range.first, to: range.last, floor, attached: true };
		else this.place = { ...place, floor };
		this.stirred();
	}

	/** The page that is being read will be of use, whatever first rows brought. */
	private isAnswerable(): boolean {
		if (!this.underWay || this.underWay.askedAt < this.rows.brokenAt) return false;
		const { aim } = this.underWay;
		return (aim !== 'older' && aim !== 'newer') || (this.place !== null && this.isWhole(this.place));
	}

	private isWhole({ from, to }: Place): boolean {
		for (let number = from; number <= to; number++) if (!this.rows.at(this.thread_id, number)) return false;
		return from <= to;
	}

	private beginAt({ range, truncated }: Snapshot): void {
		this.heading = 'newer';
		const from = range?.first ?? 1;
		if (range || !truncated) this.place = { from, to: range?.last ?? 0, floor: truncated ? 1 : from, attached: true };
		else void this.go('end');
	}

	private go(aim: Aim): Promise<void> {
		if (this.underWay && JSON.stringify(this.underWay.aim) === JSON.stringify(aim)) return this.underWay.done;
		const askedAt = this.store.mark();
		const turn = ++this.turn;
		this.aim = this.rangeOf(aim);
		if (aim === 'older') this.heading = aim;
		this.seeking = true;
		// Of one end it says nothing about the other; whoever goes elsewhere leaves both.
		this.failed = aim === 'older' || aim === 'newer' ? { ...this.failed, [aim]: null } : none;
		const done = this.read(aim, turn, askedAt);
		if (turn === this.turn) this.underWay = { aim, askedAt, done };
		return done;
	}

	private stop(): void {
		this.turn++;
		this.seeking = false;
		this.underWay = null;
		this.aim = null;
	}

	private async read(aim: Aim, turn: number, askedAt: number): Promise<void> {
		try {
			const page = await this.options.read(this.queryOf(aim));
			if (turn !== this.turn) return; // something else was asked for since, or it began anew
			if (this.store.paged(this.rows, page.items, askedAt)) await this.put(aim, page, turn);
		} catch (cause) {
			if (turn !== this.turn) return;
			const failed = { seek: aim === 'end' ? ('newest' as const) : aim, problem: asApiError(cause) };
			this.failed = { ...this.failed, [aim === 'older' ? 'older' : 'newer']: failed };
			const { snapshot } = this.rows;
			if (!this.place && this.thread_id === null && snapshot?.range) this.beginAt(snapshot);
		} finally {
			if (turn === this.turn) this.stop();
		}
	}

	private queryOf(aim: Aim): PageQuery {
		const query: PageQuery = this.thread_id === null ? { limit: page_messages } : { thread_id: this.thread_id, limit: page_messages };
		const { from, to } = this.place ?? { from: 1, to: 0 };
		if (aim === 'end') return { ...query, limit: 1 };
		if (aim === 'older') return { ...query, before: from };
		if (aim === 'newer') return { ...query, after: to };
		return typeof aim === 'object' ? { ...query, around: aim.around } : query;
	}

	private rangeOf(aim: Aim): [number, number] | null {
		if (typeof aim === 'object') return [aim.around - page_messages, aim.around + page_messages];
		if (!this.place || aim === 'newest' || aim === 'end') return [this.rows.last(this.thread_id) - page_messages, Infinity];
		const { from, to } = this.place;
		return aim === 'older' ? [from - page_messages, from] : [to, to + page_messages];
	}

	/** Moves to a page that was read. */
	private async put(aim: Aim, { items, has_older, has_newer }: MessagePage, turn: number): Promise<void> {
		const first = items[0]?.message.number;
		const last = items.at(-1)?.message.number;
		const end = last ?? (aim === 'newer' ? (this.place?.to ?? 0) : 0);
		if (has_newer) this.rows.knows(this.thread_id, end + 1);
		if (aim === 'older' && this.place) {
			if (last !== undefined && last !== this.place.from - 1) return; // it has moved on meanwhile
			await this.inParts(turn, (place) => this.older(place, first ?? place.from, has_older));
		} else if (aim === 'newer' && this.place) {
			this.heading = 'newer';
			await this.inParts(turn, (place) => this.newer(place, end, has_newer));
		} else {
			this.heading = 'newer';
			const from = aim === 'end' ? end + 1 : (first ?? 1);
			this.place = { from, to: end, floor: has_older || aim === 'end' ? 1 : from, attached: !has_newer };
			this.stirred();
		}
	}

	/** `step` answers the place with a part more of the page, and whether that was the last. */
	private async inParts(turn: number, step: (place: Place) => [place: Place, done: boolean]): Promise<void> {
		for (;;) {
			if (turn !== this.turn || !this.place) return; // something else was asked for since
			const [place, done] = step(this.place);
			this.place = place;
			this.stirred();
			if (done) return;
			await this.options.breathe?.();
		}
	}

	private older(place: Place, first: number, has_older: boolean): [Place, boolean] {
		const from = Math.max(first, place.from - part_messages);
		const to = Math.min(place.to, from + this.options.limit_messages - 1);
		const done = from <= first;
		return [{ from, to, floor: has_older || !done ? 1 : from, attached: place.attached && to === place.to }, done];
	}

	private newer(place: Place, end: number, has_newer: boolean): [Place, boolean] {
		const to = Math.max(place.to, Math.min(end, place.to + part_messages)); // it may have grown meanwhile
		const done = to >= end;
		const from = Math.max(place.from, to - this.options.limit_messages + 1);
		return [{ ...place, from, to, attached: done && !has_newer }, done];
	}
}
