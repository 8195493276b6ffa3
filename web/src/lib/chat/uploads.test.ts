import { describe, expect, it } from 'vitest';
import { ApiError } from '$lib/api/problem';
import type { FileRef } from './types';
import { files_per_message_max, Uploads } from './uploads.svelte';

interface Going {
	file: File;
	progress: (share: number) => void;
	signal: AbortSignal;
	done: (ref: FileRef) => void;
	fail: (cause: unknown) => void;
}

function rig() {
	const going: Going[] = [];
	const uploads = new Uploads(
		(file, progress, signal) => new Promise((done, fail) => void going.push({ file, progress, signal, done, fail }))
	);
	const settled = () => new Promise<void>((resolve) => queueMicrotask(() => queueMicrotask(resolve)));
	return { going, uploads, settled };
}
const file = (name: string) => new File(['x'], name);
const ref = (name: string): FileRef => ({ id: name, name, media_type: 'text/plain', size_bytes: 1 });

describe('uploads', () => {
	it('go up two at once, and along in the order in which they were chosen', async () => {
		const { going, uploads, settled } = rig();
		uploads.add([file('a'), file('b'), file('c')]);
		expect(going.map((one) => one.file.name)).toEqual(['a', 'b']);
		going[1]?.done(ref('b'));
		await settled();
		expect(going.map((one) => one.file.name)).toEqual(['a', 'b', 'c']);
		expect(uploads.ready).toBe(false);
		going[0]?.done(ref('a'));
		going[2]?.done(ref('c'));
		await settled();
		expect([uploads.ready, uploads.refs.map(({ id }) => id).join()]).toEqual([true, 'a,b,c']);
	});

	it('tell how far they are', () => {
		const { going, uploads } = rig();
		uploads.add([file('a')]);
		going[0]?.progress(0.5);
		expect(uploads.items[0]?.share).toBe(0.5);
	});

	it('keep why one was refused, and go on with the next', async () => {
		const { going, uploads, settled } = rig();
		uploads.add([file('a'), file('b'), file('c')]);
		going[0]?.fail(new ApiError('too_large', 413, null));
		await settled();
		expect(uploads.items[0]?.error?.code).toBe('too_large');
		expect(going.length).toBe(3);
	});

	it('that are dropped are called off, and leave their place', async () => {
		const { going, uploads, settled } = rig();
		uploads.add([file('a')]);
		const [item] = uploads.items;
		if (item) uploads.drop(item);
		going[0]?.fail(new Error('aborted'));
		await settled();
		expect([going[0]?.signal.aborted, uploads.items.length, item?.error]).toEqual([true, 0, null]);
	});

	it('are bounded by what one message takes', () => {
		const { uploads } = rig();
		uploads.add(Array.from({ length: files_per_message_max + 1 }, (_, n) => file(`${n}`)));
		expect([uploads.items.length, uploads.over]).toEqual([files_per_message_max, true]);
	});

	it('that were refused stay when the others go', async () => {
		const { going, uploads, settled } = rig();
		uploads.add([file('a'), file('b')]);
		going[0]?.done(ref('a'));
		going[1]?.fail(new ApiError('too_large', 413, null));
		await settled();
		uploads.sent();
		expect(uploads.items.map(({ name }) => name)).toEqual(['b']);
	});

	it('that were taken back are there already', () => {
		const { going, uploads } = rig();
		uploads.takeUp([ref('a')]);
		expect([going.length, uploads.ready, uploads.refs.length]).toEqual([0, true, 1]);
	});
});
