import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ApiError } from '$lib/api/problem';
import { eventually, fakeClock, until } from '$lib/live/testing/until';
import { body_limit_bytes, queue_limit } from './queue';
import { ChatRig, TestStorage, span } from './testing/rig';

describe('LiveChat', () => {
	let rig: ChatRig;
	const others: ChatRig[] = [];

	beforeEach(async () => {
		fakeClock();
		rig = new ChatRig('live');
		await rig.server.start();
		rig.server.chat.make('c');
		rig.server.chat.make('d');
		rig.connection.start();
		rig.chat.open('c');
		await eventually('ready', () => rig.isLevel && rig.chat.state('c').phase === 'ready');
	});
	afterEach(async () => {
		vi.restoreAllMocks();
		for (const other of others.splice(0)) other.connection.stop();
		await rig.end();
	});

	const by = () => rig.server.chat;
	const posted = (id: string) => by().posted.filter((one) => one === id).length;
	const waiting = () => rig.chat.state('c').waiting;
	const down = async () => {
		await rig.server.kill();
		await eventually('reconnecting', () => rig.status?.kind === 'reconnecting');
	};
	const up = async () => {
		await rig.server.start();
		await eventually('live', () => rig.isLevel);
	};
	/** Another page of the same browser. */
	const reloaded = (page = {}) => {
		const other = new ChatRig('live', { server: rig.server, storage: rig.storage, ...page });
		others.push(other);
		other.connection.start();
		other.chat.open('c');
		return other;
	};

	it('shows a message at once as waiting, and then once as sent', async () => {
		const id = rig.chat.send('c', { body: 'hello' });
		expect(rig.waiting()).toEqual(['hello sending']);
		await until('sent', () => rig.bodies().length > 0);
		expect(rig.bodies()).toEqual(['hello']);
		expect(rig.waiting()).toEqual([]);
		await eventually('answered', () => posted(id) === 1);
		expect(by().messages.get(id)?.message.author?.id).toBe('kari');
		expect(rig.storage.length, 'nothing left, but whose it is').toBe(1);
	});

	it('never shows a message twice, whether the event or the answer comes first', async () => {
		let release = () => undefined as void;
		rig.server.hold = new Promise((resolve) => (release = resolve));
		rig.chat.send('c', { body: 'by its event' });
		await until('the event', () => rig.bodies().length > 0);
		expect(rig.waiting()).toEqual([]);
		release();
		rig.server.hold = Promise.resolve();
		const tell = vi.spyOn(rig.server, 'publish').mockImplementation(() => undefined);
		rig.chat.send('c', { body: 'by its answer' });
		await until('the answer', () => rig.bodies().length > 1);
		expect(rig.waiting()).toEqual([]);
		tell.mockRestore();
		rig.server.publish({ op: 'upsert', node: rig.chat.messages('c')[1] as never });
		by().post('c', 'next');
		await rig.shows('by its event', 'by its answer', 'next');
	});

	it('keeps what is here but behind a gap as on its way, until those before it come', async () => {
		const tell = vi.spyOn(rig.server, 'publish').mockImplementation(() => undefined);
		const before = by().post('c', 'before');
		rig.chat.send('c', { body: 'mine' });
		await eventually('the answer', () => rig.graph.messages.of('c')?.last(null) === 2);
		expect([rig.bodies(), rig.waiting()]).toEqual([[], ['mine sending']]);
		tell.mockRestore();
		rig.server.publish({ op: 'upsert', node: before });
		await rig.shows('before', 'mine');
		expect(rig.waiting()).toEqual([]);
		expect(by().posted).toHaveLength(1);
	});

	it('sends what was written while the server was away, each once and in order', async () => {
		await down();
		const ids = span(1, 20).map((n) => rig.chat.send('c', { body: `w${n}` }));
		expect(rig.waiting()).toEqual(span(1, 20).map((n) => `w${n} waiting`));
		await up();
		await rig.shows(...span(1, 20).map((n) => `w${n}`));
		expect(by().posted).toEqual(ids);
		expect(rig.waiting()).toEqual([]);
	});

	it('sends again when an answer got lost, and the message is there once', async () => {
		by().loseAnswers = 3;
		const tell = vi.spyOn(rig.server, 'publish').mockImplementation(() => undefined);
		const id = rig.chat.send('c', { body: 'once' });
		const second = rig.chat.send('c', { body: 'after it' });
		await eventually('sent', () => rig.bodies().length === 2);
		tell.mockRestore();
		expect(posted(id)).toBe(4);
		expect(posted(second)).toBe(1);
		expect(rig.bodies()).toEqual(['once', 'after it']);
		expect(by().messages.size).toBe(2);
		expect(rig.waiting()).toEqual([]);
	});

	it('goes on at once when a message is heard of whose answer got lost', async () => {
		by().loseAnswers = 1;
		rig.random = () => 1;
		rig.chat.send('c', { body: 'heard of' });
		rig.chat.send('c', { body: 'next' });
		await eventually('both', () => rig.bodies().join() === 'heard of,next', 400);
		expect(by().posted).toHaveLength(2);
	});

	it('survives a server that goes away in the middle of the queue', async () => {
		let release = () => undefined as void;
		by().hold.set('c', new Promise((resolve) => (release = resolve)));
		const ids = span(1, 5).map((n) => rig.chat.send('c', { body: `w${n}` }));
		await eventually('on its way', () => by().posted.length === 1);
		await down();
		release(); // carried out, but there is nobody to tell
		by().hold.clear();
		await eventually('taken', () => by().messages.size === 1);
		await up();
		await rig.shows('w1', 'w2', 'w3', 'w4', 'w5');
		expect([...by().messages.keys()]).toEqual(ids);
	});

	it.each([
		[429, 'limit'],
		[500, 'network'],
		[503, 'unavailable']
	])('waits after a %i and tries again', async (status, code) => {
		by().refuseNext.push({ status, body: { code } }, { status, body: { code } });
		rig.chat.send('c', { body: 'patient' });
		await rig.shows('patient');
		expect(by().posted).toHaveLength(3);
	});

	it('keeps a refused message with the reason, and goes on with the others', async () => {
		by().refuseNext.push({ status: 422, body: { code: 'invalid', field: 'body' } });
		const id = rig.chat.send('c', { body: 'too daring' });
		rig.chat.send('c', { body: 'fine' });
		await rig.shows('fine');
		expect(waiting()).toMatchObject([{ id, body: 'too daring', state: 'refused', problem: { code: 'invalid', field: 'body' } }]);
		rig.chat.resend(id);
		await rig.shows('fine', 'too daring');
		expect(rig.waiting()).toEqual([]);
	});

	it('tells of a refused message whose channel nobody sees', async () => {
		const unseen: string[] = [];
		const other = reloaded({ storage: new TestStorage(), unseen: ({ body }: { body: string }) => unseen.push(body) });
		await eventually('ready', () => other.isLevel && other.chat.state('c').phase === 'ready');
		const refusal = { status: 422, body: { code: 'invalid' } };
		for (const channel_id of ['c', 'd']) {
			by().refuseNext.push(refusal);
			other.chat.send(channel_id, { body: `in ${channel_id}` });
			await eventually('refused', () => other.chat.unsent().some((one) => one.channel_id === channel_id));
		}
		expect(unseen).toEqual(['in d']);
		rig.server.revoke('c');
		await eventually('gone', () => other.chat.state('c').phase === 'gone');
		other.chat.send('c', { body: 'into what is gone' });
		await eventually('refused', () => other.chat.unsent().length === 3);
		expect(unseen).toEqual(['in d', 'into what is gone']);
	});

	it('hands a refused message back as a draft', async () => {
		const files = [{ id: 'f', name: 'a.txt', media_type: 'text/plain', size_bytes: 1 }];
		by().refuseNext.push({ status: 403, body: { code: 'forbidden' } });
		const id = rig.chat.send('c', { body: 'no', thread_id: null, files });
		await eventually('refused', () => waiting()[0]?.state === 'refused');
		expect(rig.chat.takeBack(id)).toEqual({ body: 'no', thread_id: null, files });
		expect(rig.waiting()).toEqual([]);
		expect(rig.chat.takeBack(id)).toBeNull();
	});

	it('takes back what has not been sent, but nothing that may be there already', async () => {
		await down();
		const first = rig.chat.send('c', { body: 'never mind' });
		expect(rig.chat.takeBack(first)).toEqual({ body: 'never mind', thread_id: null, files: [] });
		await up();
		by().hold.set('c', new Promise(() => undefined));
		const second = rig.chat.send('c', { body: 'on its way' });
		await eventually('asked', () => posted(second) === 1);
		expect(rig.chat.takeBack(second)).toBeNull();
		await down();
		await eventually('not being sent', () => waiting()[0]?.state === 'waiting');
		expect(rig.chat.takeBack(second), 'the answer may have been lost').toBeNull();
		expect(by().posted).not.toContain(first);
	});

	it('goes on with the queue after the page was loaded anew', async () => {
		await down();
		rig.chat.send('c', { body: 'one' });
		rig.chat.send('c', { body: 'two' });
		rig.connection.stop();
		const next = reloaded();
		expect(next.waiting()).toEqual(['one waiting', 'two waiting']);
		await rig.server.start();
		await next.shows('one', 'two');
		expect(next.waiting()).toEqual([]);
	});

	it('does not show again after a reload what the server took without telling', async () => {
		by().loseAnswers = 1;
		const tell = vi.spyOn(rig.server, 'publish').mockImplementation(() => undefined);
		const id = rig.chat.send('c', { body: 'taken' });
		await eventually('taken', () => by().messages.has(id));
		await down();
		tell.mockRestore();
		rig.connection.stop();
		const next = reloaded();
		await rig.server.start();
		await next.shows('taken');
		expect(next.waiting()).toEqual([]);
		expect(by().messages.size).toBe(1);
	});

	it('shows and sends nothing of one person to or as another', async () => {
		await down();
		const id = rig.chat.send('c', { body: 'kari’s' });
		rig.graph.clear();
		rig.chat.become('ola');
		expect(rig.waiting()).toEqual([]);
		rig.server.person_id = 'ola';
		rig.connection.restart();
		await up();
		rig.chat.send('c', { body: 'ola’s' });
		await rig.shows('ola’s');
		expect(by().posted).not.toContain(id);
		rig.chat.become('kari');
		rig.server.person_id = 'kari';
		rig.connection.restart();
		await rig.shows('ola’s', 'kari’s');
		expect(by().messages.get(id)?.message.author?.id).toBe('kari');
	});

	it('gives up a message that is being sent when somebody else signs in', async () => {
		let release = () => undefined as void;
		by().hold.set('c', new Promise((resolve) => (release = resolve)));
		const id = rig.chat.send('c', { body: 'kari’s' });
		await eventually('asked', () => posted(id) === 1);
		rig.graph.clear();
		rig.chat.become('ola');
		release();
		expect(rig.waiting()).toEqual([]);
		await expect(eventually('again', () => posted(id) > 1, 20_000)).rejects.toThrow('not within');
	});

	it('sends nothing while another page of the browser is another person’s', async () => {
		const other = new ChatRig('live', { server: rig.server, storage: rig.storage });
		others.push(other);
		other.chat.become('ola');
		rig.chat.send('c', { body: 'kari’s' });
		await expect(eventually('sent', () => by().posted.length > 0, 20_000)).rejects.toThrow('not within');
		expect(rig.waiting()).toEqual(['kari’s waiting']);
	});

	it('has only one of two pages send at a time', async () => {
		const locks = new TestLocks();
		rig.connection.stop();
		const [one, two] = [reloaded({ locks }), reloaded({ locks })];
		await eventually('both', () => one.isLevel && two.isLevel);
		one.chat.send('c', { body: 'first' });
		two.chat.send('c', { body: 'second' });
		await one.shows('first', 'second');
		await two.shows('first', 'second');
		expect(by().posted).toHaveLength(2);
		expect(locks.most).toBe(1);
		expect([one.waiting(), two.waiting()]).toEqual([[], []]);
	});

	it('shows and sends what another page of the browser queued', async () => {
		const listeners = new Map<string, (change: { key: string }) => void>();
		vi.stubGlobal('addEventListener', (type: string, act: () => void) => listeners.set(type, act));
		const other = reloaded();
		vi.unstubAllGlobals();
		await eventually('level', () => other.isLevel);
		rig.connection.stop();
		rig.chat.send('c', { body: 'from the one that is not connected' });
		listeners.get('storage')?.({ key: 'something else' });
		expect(other.waiting()).toEqual([]);
		listeners.get('storage')?.({ key: 'synops-outbox:kari' });
		expect(other.waiting()).toEqual(['from the one that is not connected sending']);
		await other.shows('from the one that is not connected');
		expect(by().posted).toHaveLength(1);
	});

	it('keeps the order within a channel, threads too, and no channel waits for another', async () => {
		rig.chat.open('d');
		let release = () => undefined as void;
		by().hold.set('c', new Promise((resolve) => (release = resolve)));
		const parent = rig.chat.send('c', { body: 'question' });
		rig.chat.send('c', { body: 'its own answer', thread_id: parent });
		rig.chat.send('c', { body: 'next question' });
		expect(rig.waiting('c', parent)).toEqual(['its own answer waiting']);
		rig.chat.send('d', { body: 'elsewhere' });
		await eventually('not held up', () => rig.bodies('d').join() === 'elsewhere');
		expect(by().posted).toHaveLength(2);
		release();
		await rig.shows('question', 'next question');
		expect([...by().messages.values()].map(({ body }) => body)).toEqual(['elsewhere', 'question', 'its own answer', 'next question']);
	});

	it('refuses what is too long or too much, and says so', async () => {
		await down();
		rig.chat.send('c', { body: 'ø'.repeat(body_limit_bytes / 2 + 1) });
		expect(waiting()[0]).toMatchObject({ state: 'refused', problem: { code: 'too_large' } });
		for (let n = 0; n < queue_limit; n++) rig.chat.send('c', { body: `w${n}` });
		const id = rig.chat.send('c', { body: 'one too many' });
		expect(waiting().filter(({ state }) => state === 'waiting')).toHaveLength(queue_limit);
		expect(waiting().find((one) => one.id === id)).toMatchObject({ state: 'refused', problem: { code: 'limit' } });
		await up();
		await eventually('room again', () => waiting().every(({ state }) => state === 'refused'));
		rig.chat.resend(id);
		await eventually('sent', () => rig.bodies().at(-1) === 'one too many');
		expect(waiting()).toHaveLength(1);
	});

	it('refuses what the browser has no room for', async () => {
		const storage = new TestStorage();
		storage.limit = 1_000;
		const other = reloaded({ storage });
		await eventually('level', () => other.isLevel);
		await down();
		other.chat.send('c', { body: 'x'.repeat(2_000) });
		expect(other.chat.state('c').waiting[0]).toMatchObject({ state: 'refused', problem: { code: 'limit' } });
	});

	it('writes by the answer as by the event', async () => {
		by().post('c', 'mine', { author: 'kari' });
		await rig.shows('mine');
		const message = () => rig.chat.messages('c')[0] as never;
		await rig.chat.edit(message(), 'better');
		expect(rig.bodies()).toEqual(['better']);
		await rig.chat.react(message(), '👍', true);
		expect(rig.chat.messages('c')[0]?.message.reactions.map(({ emoji }) => emoji)).toEqual(['👍']);
		await rig.chat.pin(message(), true);
		expect(rig.chat.messages('c')[0]?.message.pinned_at).not.toBeNull();
		const old = { ...(message() as object), version: 1 } as never;
		await expect(rig.chat.edit(old, 'lost update')).rejects.toMatchObject({ code: 'stale' } satisfies Partial<ApiError>);
		await rig.chat.remove(message());
		expect(rig.chat.messages('c')[0]?.message.deleted_at).not.toBeNull();
	});

	it('says why one may not write', async () => {
		expect(rig.chat.state('c').read_only).toBeNull();
		rig.chat.become(null);
		expect(rig.chat.state('c').read_only).toBe('signed_out');
		const other = reloaded({ mayWrite: () => false });
		await eventually('ready', () => other.chat.state('c').phase === 'ready');
		expect(other.chat.state('c').read_only).toBe('reader');
	});
});

/** One at a time for each name, as browsers do it for all their pages. */
class TestLocks {
	most = 0;
	private held = 0;
	private last: Promise<unknown> = Promise.resolve();

	request(_: string, { signal }: { signal: AbortSignal }, act: () => Promise<void>): Promise<unknown> {
		this.last = this.last.then(async () => {
			if (signal.aborted) throw signal.reason;
			this.most = Math.max(this.most, ++this.held);
			await act().finally(() => this.held--);
		});
		return this.last;
	}
}
