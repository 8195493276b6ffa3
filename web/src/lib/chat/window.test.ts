import { beforeEach, describe, expect, it } from 'vitest';
import { ApiError } from '$lib/api/problem';
import { held_limit_messages } from '$lib/live/channel-rows.svelte';
import { GraphStore } from '$lib/live/graph.svelte';
import { TestChannels } from '$lib/live/testing/channels';
import { window_limit_messages } from './live-chat';
import type { MessageNode, MessagePage } from './types';
import type { PageQuery } from './calls';
import { HistoryWindow } from './window.svelte';
import { span } from './testing/rig';

describe('HistoryWindow', () => {
	let graph: GraphStore;
	let channels: TestChannels;
	let window: HistoryWindow;
	/** What a page is held up by. */
	let hold: Promise<void>;
	let asked: PageQuery[];
	/** What happens between two parts of a page. */
	let between: (() => Promise<unknown>) | undefined;

	beforeEach(() => {
		graph = new GraphStore();
		channels = new TestChannels(
			(node) => graph.changes([{ op: 'upsert', node }]),
			() => false
		);
		hold = Promise.resolve();
		asked = [];
		between = undefined;
		graph.wanted('channel:c');
		channels.make('c');
	});

	const begin = (thread_id: string | null = null) => {
		const rows = graph.messages.of('c');
		if (!rows) throw new Error('no rows');
		const breathe = async () => void (await between?.());
		window = new HistoryWindow(graph.messages, rows, thread_id, { limit_messages: window_limit_messages, read, breathe });
		graph.rows('channel:c', channels.rows('c'), graph.mark());
		return window;
	};
	const read = async (query: PageQuery): Promise<MessagePage> => {
		asked.push(query);
		const params = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
		const request = { method: 'GET', path: ['channels', 'c', 'messages'], query: params, body: {}, person_id: 'kari', ifMatch: null };
		const held_up = hold;
		const answer = await channels.answer(request);
		await held_up;
		if (answer?.status !== 200) throw new ApiError('unavailable', 503, null);
		return answer.body as MessagePage;
	};
	const numbers = () => window.shown.map(({ message }) => message.number);
	const isWhole = () => numbers().every((number, index, all) => index === 0 || number === (all[index - 1] ?? 0) + 1);
	const held = () => graph.messages.of('c')?.size ?? 0;

	it('stays within its bounds over 100,000 messages', { timeout: 60_000 }, async () => {
		channels.fill('c', 100_000);
		begin();
		const random = seeded(7);
		let most = { shown: 0, held: 0 };
		for (let step = 0; step < 400; step++) {
			const turn = Math.floor(random() * 10);
			if (turn < 4) await window.seek('older');
			else if (turn < 7) await window.seek('newer');
			else if (turn === 7) await window.seek({ around: 1 + Math.floor(random() * 100_000) });
			else if (turn === 8) await window.seek('newest');
			else for (let n = 0; n < 50; n++) channels.post('c', 'more');
			if (random() < 0.3) channels.edit(`c#${1 + Math.floor(random() * 100_000)}`, 'edited');
			most = { shown: Math.max(most.shown, numbers().length), held: Math.max(most.held, held()) };
			expect(isWhole(), `step ${step}`).toBe(true);
			for (const row of window.shown) expect(row).toBe(channels.messages.get(row.id));
		}
		expect(most.shown).toBe(window_limit_messages);
		expect(most.held).toBeLessThanOrEqual(held_limit_messages);
		await window.seek('newest');
		expect(numbers().at(-1)).toBe(graph.messages.of('c')?.last(null));
	});

	it('forgets what was refused once the page is level, and reads what it has nothing of', async () => {
		channels.fill('c', 300);
		channels.fill('c', 20, 'c#1');
		begin();
		channels.refusePages = { status: 503, body: {} };
		await window.seek('older');
		expect(window.failed).toMatchObject({ older: { seek: 'older' }, newer: null });
		window.level();
		expect([window.problem, asked.length], 'whoever comes near the end reads on').toEqual([null, 1]);
		begin('c#1');
		await window.seek('newest');
		expect(window.failed).toMatchObject({ older: null, newer: { seek: 'newest' } });
		channels.refusePages = null;
		window.level();
		await window.seek('newest');
		expect([window.problem, numbers()]).toEqual([null, span(1, 20)]);
	});

	it('stays within its bounds however much comes', () => {
		begin();
		for (let n = 1; n <= 5_000; n++) {
			channels.post('c', `m${n}`);
			expect(held()).toBeLessThanOrEqual(held_limit_messages);
		}
		expect(numbers()).toEqual(span(4_401, 5_000));
	});

	it('takes nothing from under the eyes of who went back', async () => {
		channels.fill('c', 2_000);
		begin();
		for (let page = 0; page < 6; page++) await window.seek('older');
		expect(numbers()).toEqual(span(1_351, 1_950));
		channels.post('c', 'not here');
		expect(numbers()).toEqual(span(1_351, 1_950));
		while (window.has_newer) await window.seek('newer');
		channels.post('c', 'here');
		expect(numbers()).toEqual(span(1_403, 2_002));
	});

	it('stops growing when it is full and one went back', async () => {
		channels.fill('c', 1_000);
		begin();
		for (let page = 0; page < 5; page++) await window.seek('older');
		expect(numbers()).toEqual(span(451, 1_000));
		for (let n = 0; n < 60; n++) channels.post('c', 'more');
		expect(numbers()).toEqual(span(451, 1_050));
		expect(window.has_newer).toBe(true);
		await window.seek('newer');
		channels.post('c', 'last');
		expect(numbers()).toEqual(span(462, 1_061));
	});

	it.each(['older', 'newer'] as const)('shows a page of what is %s part by part', async (way) => {
		channels.fill('c', 1_000);
		begin();
		await window.seek({ around: 501 });
		const seen: number[] = [];
		between = async () => {
			expect(isWhole()).toBe(true);
			seen.push(window.shown.length);
			channels.post('c', 'meanwhile');
		};
		await window.seek(way);
		expect(seen).toEqual([120, 140, 160, 180]);
		expect(numbers()).toEqual(way === 'older' ? span(351, 550) : span(451, 650));
		expect([window.seeking, window.has_newer, window.has_older]).toEqual([false, true, true]);
	});

	it('leaves a page of which a part is shown when one wants to go elsewhere', async () => {
		channels.fill('c', 1_000);
		begin();
		await window.seek({ around: 501 });
		let elsewhere: Promise<void> | undefined;
		between = async () => void (elsewhere ??= window.seek({ around: 101 }));
		await window.seek('older');
		await elsewhere;
		expect(numbers()).toEqual(span(51, 150));
		expect(window.seeking).toBe(false);
	});

	it('does not go on by itself to what is held beyond what one looks at', async () => {
		channels.fill('c', 1_000);
		begin();
		await window.seek({ around: 901 });
		channels.post('c', 'more');
		expect(numbers()).toEqual(span(851, 950));
		expect(window.has_newer).toBe(true);
	});

	it('goes where one wanted to go last, whichever page comes first', async () => {
		channels.fill('c', 1_000);
		begin();
		let release = () => undefined as void;
		hold = new Promise((resolve) => (release = resolve));
		const first = window.seek({ around: 100 });
		hold = Promise.resolve();
		await window.seek({ around: 500 });
		release();
		await first;
		expect(numbers()).toEqual(span(450, 549));
		expect(window.seeking).toBe(false);
	});

	it('does not put an older page before what it is not next to', async () => {
		channels.post('c', 'question');
		channels.fill('c', 500, 'c#1');
		begin('c#1');
		await window.seek('newest');
		let release = () => undefined as void;
		hold = new Promise((resolve) => (release = resolve));
		const reading = window.seek('older');
		hold = Promise.resolve();
		channels.fill('c', 400, 'c#1');
		await window.refresh(new AbortController().signal);
		expect(numbers()).toEqual(span(701, 900));
		release();
		await reading;
		expect(numbers()).toEqual(span(701, 900));
	});

	it('throws a page away that was asked for before the channel was broken with', async () => {
		channels.fill('c', 1_000);
		begin();
		let release = () => undefined as void;
		hold = new Promise((resolve) => (release = resolve));
		const reading = window.seek({ around: 200 });
		await Promise.resolve();
		graph.resync('channel:c');
		release();
		await reading;
		expect(numbers(), 'shown on until the rows are here').toEqual(span(951, 1_000));
		expect(window.seeking).toBe(false);
		graph.rows('channel:c', channels.rows('c'), graph.mark());
		expect(numbers()).toEqual(span(951, 1_000));
		expect(graph.messages.of('c')?.at(null, 200)).toBeUndefined();
	});

	it('throws a page away that was asked for before the channel was closed and opened again', async () => {
		channels.fill('c', 1_000);
		begin();
		let release = () => undefined as void;
		hold = new Promise((resolve) => (release = resolve));
		const reading = window.seek({ around: 200 });
		graph.dropped('channel:c');
		graph.wanted('channel:c');
		const before = window;
		begin();
		release();
		await reading;
		expect(before.shown).toEqual([]);
		expect(held()).toBe(50);
	});

	it('reads anew where one was when first rows follow a break', async () => {
		channels.fill('c', 1_000);
		begin();
		await window.seek({ around: 200 });
		graph.resync('channel:c');
		const mark = graph.mark();
		channels.messages.set('c#210', { ...(channels.messages.get('c#210') as MessageNode), body: 'missed' });
		graph.rows('channel:c', channels.rows('c'), mark);
		await until(() => window.shown.length > 0);
		expect(numbers()).toEqual(span(150, 249));
		expect(window.shown.map(({ body }) => body)).toContain('missed');
		expect(window.has_newer).toBe(true);
	});

	it('does not jump when all that is shown came with the first rows again', async () => {
		channels.fill('c', 1_000);
		begin();
		graph.resync('channel:c');
		graph.rows('channel:c', channels.rows('c'), graph.mark());
		expect(numbers()).toEqual(span(951, 1_000));
		expect(asked).toEqual([]);
	});

	it('shows in order what came out of order', () => {
		begin();
		const [one, two, three] = [1, 2, 3].map((n) => {
			const tell = graph.changes;
			graph.changes = () => undefined;
			const made = channels.post('c', `m${n}`);
			graph.changes = tell;
			return made;
		});
		graph.changes([{ op: 'upsert', node: three as never }]);
		expect(numbers()).toEqual([]);
		expect(window.awaits(3)).toBe(true);
		graph.changes([{ op: 'upsert', node: one as never }]);
		expect(numbers()).toEqual([1]);
		graph.changes([{ op: 'upsert', node: two as never }]);
		expect(numbers()).toEqual([1, 2, 3]);
		expect(window.has_newer).toBe(false);
	});

	it('says when a page could not be read, and stays where it was', async () => {
		channels.fill('c', 1_000);
		begin();
		channels.refusePages = { status: 503, body: null };
		await window.seek('older');
		expect([window.problem?.code, window.seeking]).toEqual(['unavailable', false]);
		expect(numbers()).toEqual(span(951, 1_000));
		channels.refusePages = null;
		await window.seek('older');
		expect(window.problem).toBeNull();
		expect(numbers()).toEqual(span(851, 1_000));
	});
});

async function until(holds: () => boolean): Promise<void> {
	for (let turn = 0; turn < 1_000 && !holds(); turn++) await Promise.resolve();
}

function seeded(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
		return state / 2_147_483_648;
	};
}
