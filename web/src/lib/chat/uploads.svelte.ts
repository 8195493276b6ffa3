import { asApiError, type ApiError } from '$lib/api/problem';
import { uuid7 } from '$lib/uuid7';
import type { FileRef } from './types';

/** Of one message: the server takes no more. */
export const files_per_message_max = 20;
/** So many go up at once; the others wait. */
const at_once = 2;

type Send = (file: File, progress: (share: number) => void, signal: AbortSignal) => Promise<FileRef>;

/** A file on its way to the server, or there. */
export class Upload {
	readonly key = uuid7();
	/** From 0 to 1. */
	share = $state(0);
	ref = $state.raw<FileRef | null>(null);
	error = $state.raw<ApiError | null>(null);
	begun = false;
	readonly abort = new AbortController();

	constructor(
		readonly name: string,
		readonly size_bytes: number,
		readonly file: File | null
	) {}

	get done(): boolean {
		return this.ref !== null;
	}
}

/** What goes along with a message that is being written. */
export class Uploads {
	items = $state.raw<Upload[]>([]);
	/** More were chosen than one message takes. */
	over = $state(false);

	constructor(private readonly send: Send) {}

	/** All that can go along is there. */
	get ready(): boolean {
		return this.items.every((item) => item.done || item.error !== null);
	}
	get refs(): FileRef[] {
		return this.items.flatMap(({ ref }) => ref ?? []);
	}

	add(files: readonly File[]): void {
		const room = files_per_message_max - this.items.length;
		this.over = files.length > room;
		this.items = [...this.items, ...files.slice(0, room).map((file) => new Upload(file.name, file.size, file))];
		this.next();
	}

	/** Those of a message that was taken back: they are on the server. */
	takeUp(refs: readonly FileRef[]): void {
		const there = refs.slice(0, files_per_message_max - this.items.length).map((ref) => {
			const item = new Upload(ref.name, ref.size_bytes, null);
			item.begun = true;
			item.ref = ref;
			return item;
		});
		this.items = [...this.items, ...there];
	}

	/** Not to go along, whether it is there or on its way. */
	drop(item: Upload): void {
		item.abort.abort();
		this.items = this.items.filter((one) => one !== item);
		this.over = false;
		this.next();
	}

	/** Those that are there went with a message; why the others did not stays to be read. */
	sent(): void {
		this.items = this.items.filter(({ done }) => !done);
		this.over = false;
	}

	/** Whoever leaves the page takes nothing along. */
	end(): void {
		for (const item of this.items) item.abort.abort();
		this.items = [];
	}

	private next(): void {
		const running = this.items.filter((item) => item.begun && !item.done && !item.error).length;
		for (const item of this.items.filter(({ begun }) => !begun).slice(0, at_once - running)) void this.run(item);
	}

	private async run(item: Upload): Promise<void> {
		if (!item.file) return;
		item.begun = true;
		try {
			item.ref = await this.send(item.file, (share) => (item.share = share), item.abort.signal);
		} catch (cause) {
			if (!item.abort.signal.aborted) item.error = asApiError(cause);
		} finally {
			this.next();
		}
	}
}
