import { SvelteMap } from 'svelte/reactivity';
import { asApiError } from '$lib/api/problem';
import { Soon } from '$lib/state/soon';
import type { ChatCalls } from './calls';
import type { ChannelMark, MessageNode } from './types';

/** A mark is sent so often at most, in each channel. */
export const mark_every_ms = 1_000;
/** A channel that was not known of is asked for so soon. */
const unknown_after_ms = 1_000;
/** The list of marks is asked for again so long after it was refused. */
export const marks_again_ms = 15_000;
/** The server lists so many at most: of a channel beyond them nothing is said. */
export const marks_limit = 1_000;

export interface MarksOptions {
	calls: Pick<ChatCalls, 'listMarks' | 'setMark'>;
	/** Whether what one has read is told to the server. */
	tells: boolean;
}

/** How far one has read each channel: as the server has it, and what was heard and read here since. */
export class Marks {
	readonly known = new SvelteMap<string, ChannelMark>();
	/** The server has said which there are, or that it does not for now. */
	answered = $state(false);
	private person_id: string | null = null;
	/** Read here, whether the server knows or not. */
	private readonly readHere = new Map<string, number>();
	/** Highest heard of, whether the server's answer knows or not. */
	private readonly heardHere = new Map<string, { number: number; at: string }>();
	private readonly told = new Map<string, number>();
	private readonly pauses = new Map<string, ReturnType<typeof setTimeout>>();
	private readonly unknown = new Soon(() => void this.load(), unknown_after_ms);
	private readonly again = new Soon(() => void this.load(), marks_again_ms);
	private turn = 0;
	private loading = false;
	private loaded = false;

	constructor(private readonly options: MarksOptions) {}

	become(person_id: string | null): void {
		this.turn++;
		this.unknown.stop();
		this.again.stop();
		for (const pause of this.pauses.values()) clearTimeout(pause);
		for (const held of [this.known, this.readHere, this.heardHere, this.told, this.pauses]) held.clear();
		this.person_id = person_id;
		this.loading = this.loaded = this.answered = false;
	}

	/** Never throws: without an answer what is known stays, and it is asked for again, by the next sign at the latest. */
	async load(): Promise<void> {
		if (this.person_id === null) return;
		const turn = ++this.turn;
		this.again.stop();
		this.loading = true;
		try {
			const { items } = await this.options.calls.listMarks();
			if (turn !== this.turn) return; // a later one is under way
			const ids = new Set(items.map((item) => item.channel_id));
			const all = items.length < marks_limit;
			for (const id of [...this.known.keys()]) if (all && !ids.has(id)) this.known.delete(id);
			for (const item of items) this.put(item);
			this.loaded = true;
		} catch {
			if (turn === this.turn) this.again.ask();
		} finally {
			if (turn === this.turn) {
				this.loading = false;
				this.answered = true;
			}
		}
	}

	heard(messages: MessageNode[]): void {
		if (this.person_id === null) return;
		for (const { message, created_at } of messages) {
			if (message.thread_id !== null) continue;
			const { channel_id, number, author } = message;
			const known = this.known.get(channel_id);
			if (!known && this.loaded) this.unknown.ask();
			if (number > (this.heardHere.get(channel_id)?.number ?? 0)) this.heardHere.set(channel_id, { number, at: created_at });
			// The server takes what one wrote for read, too.
			if (author?.id === this.person_id) this.raise(channel_id, number);
			if (known) this.put(known);
		}
	}

	gone(channel_ids: ReadonlySet<string>): void {
		for (const id of channel_ids) {
			for (const held of [this.known, this.readHere, this.heardHere, this.told]) held.delete(id);
		}
	}

	/** After a restore the numbers may have gone back. */
	doubted(): void {
		this.heardHere.clear();
		for (const [channel_id, number] of this.told) {
			if (this.readHere.get(channel_id) === number) this.readHere.delete(channel_id);
		}
		this.told.clear();
	}

	read(channel_id: string, number: number): void {
		if (this.person_id === null || !this.raise(channel_id, number)) return;
		const known = this.known.get(channel_id);
		if (known) this.put(known);
		this.tell(channel_id);
	}

	async mute(channel_id: string, muted: boolean): Promise<void> {
		this.put(await this.options.calls.setMark(channel_id, { muted }));
		if (this.loading) void this.load(); // the list that is under way may not know of it
	}

	/** The connection is level: what could not be told is told now. */
	tellAll(): void {
		for (const channel_id of this.readHere.keys()) this.tell(channel_id);
	}

	private raise(channel_id: string, number: number): boolean {
		const before = Math.max(this.readHere.get(channel_id) ?? 0, this.known.get(channel_id)?.read_number ?? 0);
		if (number > before) this.readHere.set(channel_id, number);
		return number > before;
	}

	/** As the server has it, with what is known better here. */
	private put(item: ChannelMark): void {
		const { channel_id } = item;
		const heard = this.heardHere.get(channel_id);
		const newer = heard && heard.number > item.last_number ? { last_number: heard.number, last_at: heard.at } : {};
		const read_number = Math.max(item.read_number, this.readHere.get(channel_id) ?? 0);
		const mark = { ...item, ...newer, read_number };
		const before = this.known.get(channel_id);
		const same = before && (Object.keys(mark) as (keyof ChannelMark)[]).every((key) => mark[key] === before[key]);
		if (!same) this.known.set(channel_id, mark);
	}

	/** At once, or when the last time is long enough ago. */
	private tell(channel_id: string): void {
		if (!this.options.tells || this.pauses.has(channel_id)) return;
		const number = this.readHere.get(channel_id) ?? 0;
		if (number <= (this.told.get(channel_id) ?? 0)) return;
		const pause = () => {
			this.pauses.delete(channel_id);
			this.tell(channel_id);
		};
		this.pauses.set(channel_id, setTimeout(pause, mark_every_ms));
		this.told.set(channel_id, number);
		void this.send(channel_id, number);
	}

	private async send(channel_id: string, read_number: number): Promise<void> {
		const { person_id } = this;
		try {
			const mark = await this.options.calls.setMark(channel_id, { read_number });
			// Told of one that is gone meanwhile it is forgotten; of one that no list had this is how it is learnt.
			if (person_id === this.person_id && (this.known.has(channel_id) || this.told.has(channel_id))) this.put(mark);
		} catch (cause) {
			const { status } = asApiError(cause);
			if (person_id !== this.person_id || (status >= 400 && status < 500)) return;
			// No answer: told again with the next, or once the connection is level again.
			if (this.told.get(channel_id) === read_number) this.told.delete(channel_id);
		}
	}
}
