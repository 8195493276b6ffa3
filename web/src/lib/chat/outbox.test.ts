import { describe, expect, it } from 'vitest';
import type { Node } from '$lib/api/types';
import { Outbox, type Locks } from './outbox.svelte';
import { Queue } from './queue';
import { TestStorage } from './testing/rig';

interface Post {
	body: string;
	signal: AbortSignal;
	answer: (node: Node) => void;
	fail: () => void;
}

function made(locks?: Locks) {
	const posts: Post[] = [];
	const took: Node[] = [];
	const outbox = new Outbox({
		post: (_, { body }, signal) =>
			new Promise((answer, reject) => posts.push({ body, signal, answer, fail: () => reject(new TypeError('no network')) })),
		took: (node) => took.push(node),
		awaits: () => false,
		queue: new Queue(new TestStorage()),
		locks
	});
	outbox.become('kari');
	outbox.connectionIs(true);
	return { outbox, posts, took };
}

const turns = async () => {
	for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

describe('Outbox', () => {
	it('sends what was queued just when the last one was done', async () => {
		let after = () => undefined as void;
		const { outbox, posts } = made({
			request: async (_, __, act) => {
				await act();
				after();
			}
		});
		after = () => {
			after = () => undefined;
			outbox.send('c', { body: 'two' });
		};
		outbox.send('c', { body: 'one' });
		await turns();
		posts[0]?.answer({} as Node);
		await turns();
		expect(posts.map(({ body }) => body)).toEqual(['one', 'two']);
	});

	it('lets go of a request when somebody else looks at the page, and shows nothing of its answer', async () => {
		const { outbox, posts, took } = made();
		outbox.send('c', { body: 'kari’s' });
		await turns();
		outbox.become('ola');
		outbox.connectionIs(true);
		expect(posts[0]?.signal.aborted).toBe(true);
		posts[0]?.answer({} as Node);
		await turns();
		expect(took).toEqual([]);
		expect(outbox.waiting('c', null)).toEqual([]);
		outbox.become('kari');
		expect(outbox.waiting('c', null)).toMatchObject([{ body: 'kari’s', state: 'waiting' }]);
	});

	it('sends one at a time', async () => {
		const { outbox, posts } = made();
		for (const body of ['one', 'two', 'three']) outbox.send('c', { body });
		await turns();
		expect(posts).toHaveLength(1);
		expect(outbox.waiting('c', null).map(({ state }) => state)).toEqual(['sending', 'waiting', 'waiting']);
		outbox.connectionIs(false);
		posts[0]?.answer({} as Node);
		await turns();
		expect(posts, 'not while it is away').toHaveLength(1);
		outbox.connectionIs(true);
		await turns();
		expect(posts.map(({ body }) => body)).toEqual(['one', 'two']);
	});
});
