import { describe, expect, it, vi } from 'vitest';
import { ApiError } from '$lib/api/problem';
import type { Node } from '$lib/api/types';
import { Outbox, type Locks } from './outbox.svelte';
import { Queue } from './queue';
import { TestStorage } from './testing/rig';

interface Post {
	body: string;
	signal: AbortSignal;
	answer: (node: Node) => void;
	fail: (status?: number, code?: string) => void;
}

function made(locks?: Locks) {
	const posts: Post[] = [];
	const took: Node[] = [];
	const told: string[] = [];
	const outbox = new Outbox({
		post: (_, { body }, signal) =>
			new Promise((answer, reject) => posts.push({ body, signal, answer, fail: (status = 0, code = 'network') => reject(new ApiError(code, status, null)) })),
		took: (node) => took.push(node),
		awaits: () => false,
		refused: ({ body, problem }) => told.push(`${body} ${problem?.code}`),
		queue: new Queue(new TestStorage()),
		locks
	});
	outbox.become('kari');
	outbox.connectionIs(true);
	return { outbox, posts, took, told };
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

	it('lists what was refused in any channel, until it is sent again or discarded', async () => {
		const { outbox, posts, told } = made();
		outbox.send('gone', { body: 'one' });
		const two = outbox.send('c', { body: 'two', thread_id: 't' });
		await turns();
		expect(outbox.unsent(), 'both are on their way').toEqual([]);
		posts[0]?.fail(404, 'not_found');
		posts[1]?.fail(403, 'forbidden');
		await turns();
		expect(outbox.unsent()).toMatchObject([
			{ channel_id: 'gone', body: 'one', state: 'refused', problem: { code: 'not_found' }, mayTakeBack: true },
			{ channel_id: 'c', thread_id: 't', body: 'two' }
		]);
		expect(told, 'each once').toEqual(['one not_found', 'two forbidden']);
		outbox.takeBack(two);
		expect(outbox.unsent().map(({ body }) => body)).toEqual(['one']);
		outbox.resend(outbox.unsent()[0]?.id ?? '');
		expect(outbox.unsent()).toEqual([]);
	});

	it.each([
		['no answer', 0, false],
		['a server in trouble', 503, false],
		['a session that ended', 401, true],
		['too many requests', 429, true]
	])('lets a message that met %s be taken back: %s %s', async (_, status, expected) => {
		const { outbox, posts } = made();
		const id = outbox.send('c', { body: 'one' });
		await turns();
		expect(outbox.takeBack(id), 'while it is being sent').toBeNull();
		posts[0]?.fail(status);
		await turns();
		expect(outbox.waiting('c', null)).toMatchObject([{ state: 'waiting', mayTakeBack: expected }]);
		expect(outbox.takeBack(id) !== null).toBe(expected);
	});

	it('hands nothing back that an earlier try may have brought there', async () => {
		vi.useFakeTimers();
		const { outbox, posts } = made();
		const id = outbox.send('c', { body: 'one' });
		await turns();
		posts[0]?.fail();
		await vi.advanceTimersByTimeAsync(60_000);
		posts[1]?.fail(429);
		await turns();
		expect(posts).toHaveLength(2);
		expect(outbox.takeBack(id)).toBeNull();
		vi.useRealTimers();
	});
});
