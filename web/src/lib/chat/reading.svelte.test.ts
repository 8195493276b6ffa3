import { flushSync } from 'svelte';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Handlers, Topic } from '$lib/live/connection';
import { GraphStore } from '$lib/live/graph.svelte';
import { TestChannels } from '$lib/live/testing/channels';
import { threads_limit } from './followed.svelte';
import { Reading } from './reading.svelte';
import type { PageQuery } from './calls';
import type { MessagePage } from './types';

// What components see: they read in effects, and never ask for anything to be read. Only what is compiled for the
// browser reacts: `npx vitest run --environment ./src/lib/chat/testing/client.ts src/lib/chat/reading`.
describe.runIf(!import.meta.env.SSR)('what chat shows', () => {
	let graph: GraphStore;
	let channels: TestChannels;
	let reading: Reading;
	let pages: number;
	const ends: (() => void)[] = [];

	beforeEach(() => {
		graph = new GraphStore();
		channels = new TestChannels(
			(node) => graph.changes([{ op: 'upsert', node }]),
			() => false
		);
		pages = 0;
		reading = new Reading({ subscribe }, graph, { limit_messages: 600, read });
		channels.make('c');
		channels.fill('c', 30);
	});
	afterEach(() => {
		for (const end of ends.splice(0)) end();
	});

	function subscribe(topic: Topic, handlers: Handlers = {}): () => void {
		graph.wanted(topic);
		queueMicrotask(() => {
			graph.rows(topic, channels.rows(topic.split(':')[1] ?? ''), graph.mark());
			handlers.ready?.();
		});
		return () => graph.dropped(topic);
	}
	async function read(channel_id: string, query: PageQuery): Promise<MessagePage> {
		pages++;
		const asked = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
		const path = ['channels', channel_id, 'messages'];
		const answer = await channels.answer({ method: 'GET', path, query: asked, body: {}, person_id: 'kari', ifMatch: null });
		return answer?.body as MessagePage;
	}

	/** As a component would: what it last saw, each time something changes. */
	function watch<T>(look: () => T): { seen: T[]; end: () => void } {
		const seen: T[] = [];
		const end = $effect.root(() => {
			$effect(() => void seen.push(look()));
		});
		flushSync();
		ends.push(end);
		return { seen, end };
	}
	async function settled(): Promise<void> {
		for (let turn = 0; turn < 100; turn++) {
			flushSync();
			await Promise.resolve();
		}
	}

	it('changes under whoever looks, and only then', async () => {
		const { seen } = watch(() => reading.messages('c').map(({ body }) => body));
		ends.push(
			$effect.root(() => {
				$effect(() => reading.open('c'));
			})
		);
		await settled();
		expect(seen.at(-1)).toHaveLength(30);
		channels.post('c', 'new');
		flushSync();
		expect(seen.at(-1)?.at(-1)).toBe('new');
		const { length } = seen;
		channels.make('d');
		channels.post('d', 'elsewhere');
		graph.changes([]);
		flushSync();
		expect(seen).toHaveLength(length);
	});

	it('says each phase', async () => {
		const { seen } = watch(() => reading.state('c').phase);
		reading.open('c');
		await settled();
		graph.removed({ scope_ids: ['c'], ids: [] });
		flushSync();
		expect(seen.filter((phase, index) => phase !== seen[index - 1])).toEqual(['loading', 'ready', 'gone']);
	});

	it('reads a thread when it is on screen, and lets it go afterwards', async () => {
		channels.fill('c', 20, 'c#3');
		reading.open('c');
		await settled();
		expect(pages).toBe(0);
		const thread = watch(() => reading.messages('c', 'c#3').length);
		const state = watch(() => reading.state('c', 'c#3').phase);
		await settled();
		expect([thread.seen.at(-1), state.seen.at(-1), pages]).toEqual([20, 'ready', 1]);
		channels.post('c', 'reply', { thread_id: 'c#3' });
		flushSync();
		expect(thread.seen.at(-1)).toBe(21);
		const looks = () => graph.messages.of('c')?.looks.size;
		thread.end();
		await settled();
		expect(looks()).toBe(2);
		state.end();
		await settled();
		expect(looks()).toBe(1);
	});

	it('keeps a thread open that is read by what is derived from it', async () => {
		channels.fill('c', 20, 'c#3');
		reading.open('c');
		await settled();
		const seen: number[] = [];
		const end = $effect.root(() => {
			const messages = $derived(reading.messages('c', 'c#3'));
			const count = $derived(messages.length);
			$effect(() => void seen.push(count));
		});
		flushSync();
		await settled();
		for (let n = 21; n <= 25; n++) {
			channels.post('c', 'reply', { thread_id: 'c#3' });
			await settled();
			expect(seen.at(-1)).toBe(n);
		}
		expect(pages).toBe(1);
		end();
		await settled();
		expect(graph.messages.of('c')?.looks.size).toBe(1);
	});

	it('has no more threads open than it can hold, and never in turns', async () => {
		reading.open('c');
		await settled();
		const threads = Array.from({ length: threads_limit + 2 }, (_, n) => watch(() => reading.state('c', `c#${n + 1}`).phase));
		await settled();
		expect(threads.filter(({ seen }) => seen.at(-1) === 'ready')).toHaveLength(threads_limit);
		expect(pages).toBe(threads_limit);
		threads[0]?.end();
		await settled();
		expect(pages).toBe(threads_limit + 1);
	});
});
