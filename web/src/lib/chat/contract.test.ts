import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from '$lib/live/connection';
import { eventually, fakeClock } from '$lib/live/testing/until';
import type { MessageNode } from './types';
import { ChatRig, span } from './testing/rig';

const kinds: Connection['kind'][] = ['live', 'polling'];

// What holds of chat whichever way the page hears from the server.
describe.each(kinds)('%s chat', (kind) => {
	let rig: ChatRig;

	beforeEach(async () => {
		fakeClock();
		rig = new ChatRig(kind);
		await rig.server.start();
		rig.server.socketsBlocked = kind === 'polling';
		rig.server.chat.make('c');
		rig.connection.start();
		await eventually('level', () => rig.isLevel);
	});
	afterEach(() => rig.end());

	const by = () => rig.server.chat;
	const phase = (thread_id?: string) => rig.chat.state('c', thread_id).phase;
	const ready = () => eventually('ready', () => phase() === 'ready');
	const open = async () => {
		const end = rig.chat.open('c');
		await ready();
		return end;
	};
	const away = async (act: () => unknown) => {
		await rig.server.kill();
		await eventually('reconnecting', () => rig.status?.kind === 'reconnecting');
		act();
		await rig.server.start();
		await eventually('level again', () => rig.isLevel);
	};
	const never = (what: string, holds: () => boolean) =>
		expect(eventually(what, holds, 10_000)).rejects.toThrow('not within');

	it('brings the newest messages of a channel, and no others', async () => {
		by().fill('c', 120);
		expect(phase()).toBe('loading');
		await open();
		expect(rig.numbers()).toEqual(span(71, 120));
		expect(rig.chat.state('c')).toMatchObject({ has_older: true, has_newer: false, seeking: false, problem: null });
		expect(rig.graph.nodes.has('c')).toBe(true);
		expect([...rig.graph.nodes.values()].filter((node) => 'message' in node)).toEqual([]);
	});

	it('brings nothing of an empty channel, and then the first message', async () => {
		await open();
		expect(rig.chat.state('c')).toMatchObject({ has_older: false, has_newer: false });
		by().post('c', 'first');
		await rig.shows('first');
	});

	it('begins at the end where a channel shows no history, and goes on from there', async () => {
		by().make('quiet', { kind: 'none' });
		by().fill('quiet', 30);
		rig.chat.open('quiet');
		await eventually('ready', () => rig.chat.state('quiet').phase === 'ready');
		expect(rig.numbers('quiet')).toEqual([]);
		expect(rig.chat.state('quiet').has_older).toBe(true);
		by().edit('quiet#7', 'changed');
		by().post('quiet', 'new');
		await eventually('the new one', () => rig.bodies('quiet').join() === 'new');
		await rig.chat.history('quiet', 'older');
		expect(rig.numbers('quiet')).toEqual(span(1, 31));
		expect(rig.bodies('quiet')[6]).toBe('changed');
	});

	it('brings what others write, edit, react to and delete, in order', async () => {
		await open();
		by().post('c', 'one');
		by().post('c', 'two');
		by().post('c', 'three');
		await rig.shows('one', 'two', 'three');
		by().edit('c#1', 'one, in other words');
		by().change('c#2', {}, { reactions: [{ emoji: '👍', people: [{ id: 'ola', title: 'Ola' }] }] });
		by().remove('c#3');
		by().post('c', 'four');
		await rig.shows('one, in other words', 'two', '', 'four');
		const [, two, three] = rig.chat.messages('c');
		expect(two?.message.reactions).toHaveLength(1);
		expect(three?.message.deleted_at).not.toBeNull();
	});

	it('reads history both ways without gaps or doubles', async () => {
		by().fill('c', 1_000);
		await open();
		const limit = kind === 'live' ? 600 : 200;
		for (let page = 0; page < 12; page++) {
			await rig.chat.history('c', 'older');
			const numbers = rig.numbers();
			expect(numbers).toEqual(span(numbers[0] ?? 0, numbers.at(-1) ?? 0));
			expect(numbers.length).toBeLessThanOrEqual(limit);
		}
		expect(rig.numbers()).toEqual(span(1, limit));
		expect(rig.chat.state('c')).toMatchObject({ has_older: false, has_newer: true });
		while (rig.chat.state('c').has_newer) {
			await rig.chat.history('c', 'newer');
			const numbers = rig.numbers();
			expect(numbers).toEqual(span(numbers[0] ?? 0, numbers.at(-1) ?? 0));
		}
		expect(rig.numbers()).toEqual(span(1_001 - limit, 1_000));
		by().post('c', 'after all');
		await eventually('it', () => rig.bodies().at(-1) === 'after all');
	});

	it('goes to a message of long ago, and back to the newest', async () => {
		by().fill('c', 1_000);
		await open();
		await rig.chat.history('c', { around: 300 });
		expect(rig.numbers()).toEqual(span(250, 349));
		expect(rig.chat.state('c')).toMatchObject({ has_older: true, has_newer: true });
		by().post('c', 'not here');
		await never('what comes at the end', () => rig.numbers().length !== 100);
		await rig.chat.history('c', 'newest');
		expect(rig.bodies().at(-1)).toBe('not here');
		expect(rig.numbers()).toEqual(span(902, 1_001));
	});

	it('goes to a message at once, before the first rows are here', async () => {
		by().fill('c', 1_000);
		rig.chat.open('c');
		void rig.chat.history('c', { around: 300 });
		await ready();
		await eventually('there', () => rig.numbers().includes(300));
		expect(rig.numbers()).toEqual(span(250, 349));
		await never('anywhere else', () => !rig.numbers().includes(300));
	});

	it('is level in what it read of history, too', async () => {
		by().fill('c', 1_000);
		await open();
		await rig.chat.history('c', { around: 300 });
		by().edit('c#310', 'changed meanwhile');
		await eventually('the change', () => rig.bodies().includes('changed meanwhile'));
		await rig.chat.history('c', 'newest');
		await rig.chat.history('c', 'older');
		by().edit('c#850', 'and this');
		await eventually('the change', () => rig.bodies().includes('and this'));
	});

	it('never takes an older version for a newer one, from a page that was slow', async () => {
		by().fill('c', 200);
		await open();
		let release = () => undefined as void;
		by().holdPages = new Promise((resolve) => (release = resolve));
		const { length } = by().asked;
		const read = rig.chat.history('c', 'older');
		await eventually('the page was read', () => by().asked.length > length);
		by().holdPages = Promise.resolve();
		rig.graph.answered([{ node: by().edit('c#120', 'newer than the page') }]);
		release();
		await read;
		expect(rig.chat.messages('c').find(({ id }) => id === 'c#120')?.body).toBe('newer than the page');
		await never('the older one', () => !rig.bodies().includes('newer than the page'));
	});

	it('shares a request that is asked for twice, and takes the last of several', async () => {
		by().fill('c', 1_000);
		await open();
		const before = by().asked.length;
		await Promise.all([rig.chat.history('c', 'older'), rig.chat.history('c', 'older')]);
		expect(by().asked.slice(before).filter((path) => path.endsWith('/messages'))).toHaveLength(1);
		const first = rig.chat.history('c', { around: 100 });
		await Promise.all([first, rig.chat.history('c', { around: 500 })]);
		expect(rig.numbers()).toEqual(span(450, 549));
	});

	it('tells what became of a read that was refused, and goes on', async () => {
		by().fill('c', 200);
		await open();
		by().refusePages = { status: 503, body: { code: 'unavailable' } };
		await rig.chat.history('c', 'older');
		expect(rig.chat.state('c')).toMatchObject({ phase: 'ready', seeking: false, problem: { code: 'unavailable' } });
		by().refusePages = null;
		await rig.chat.history('c', 'older');
		expect(rig.chat.state('c')).toMatchObject({ phase: 'ready', problem: null });
		expect(rig.numbers()).toEqual(span(51, 200));
	});

	it('tells at which end a read was refused, and forgets it once it is level again', async () => {
		by().fill('c', 1_000);
		await open();
		await rig.chat.history('c', { around: 300 });
		const failed = () => rig.chat.state('c').failed;
		by().refusePages = { status: 503, body: { code: 'unavailable' } };
		await rig.chat.history('c', 'newer');
		expect(failed()).toMatchObject({ older: null, newer: { seek: 'newer', problem: { code: 'unavailable' } } });
		await rig.chat.history('c', 'older');
		expect(failed()).toMatchObject({ older: { seek: 'older' }, newer: { seek: 'newer' } });
		by().refusePages = null;
		await rig.chat.history('c', 'older');
		expect(failed(), 'the other end is as it was').toMatchObject({ older: null, newer: { seek: 'newer' } });
		await away(() => undefined);
		await eventually('forgotten', () => phase() === 'ready' && failed().newer === null);
		expect(rig.chat.state('c')).toMatchObject({ problem: null, has_newer: true });
	});

	it('reads a thread that was refused once it is level again', async () => {
		by().post('c', 'question');
		by().fill('c', 20, 'c#1');
		await open();
		by().refusePages = { status: 503, body: { code: 'unavailable' } };
		await rig.chat.history('c', 'newest', 'c#1');
		expect(rig.chat.state('c', 'c#1').failed.newer?.seek).toBe('newest');
		await away(() => (by().refusePages = null));
		await eventually('read', () => rig.numbers('c', 'c#1').length === 20);
	});

	it('says of a thread that is not there that it is gone', async () => {
		await open();
		by().refusePages = { status: 404, body: { code: 'not_found' } };
		await rig.chat.history('c', 'newest', 'nothing');
		expect(rig.chat.state('c', 'nothing').phase).toBe('gone');
		expect(phase()).toBe('ready');
	});

	it('brings the replies to a message, as they come, and reads the older ones', async () => {
		by().post('c', 'question');
		by().fill('c', 150, 'c#1');
		await open();
		await rig.chat.history('c', 'newest', 'c#1');
		expect(rig.numbers('c', 'c#1')).toEqual(span(51, 150));
		expect(rig.chat.state('c', 'c#1')).toMatchObject({ phase: 'ready', has_older: true, has_newer: false });
		by().post('c', 'reply', { thread_id: 'c#1' });
		await eventually('the reply', () => rig.bodies('c', 'c#1').at(-1) === 'reply');
		expect(rig.chat.messages('c')[0]?.message.replies).toBe(151);
		expect(rig.bodies(), 'not among the channel’s own').toEqual(['question']);
		await rig.chat.history('c', 'older', 'c#1');
		const numbers = rig.numbers('c', 'c#1');
		expect(numbers[0]).toBe(1);
		expect(numbers).toEqual(span(1, numbers.length));
		by().edit('c#1#3', 'edited');
		await eventually('the edit', () => rig.bodies('c', 'c#1').includes('edited'));
	});

	it('misses nothing and doubles nothing while the server was away', async () => {
		by().fill('c', 30);
		await open();
		await away(() => {
			for (let n = 31; n <= 60; n++) by().post('c', `m${n}`);
			by().edit('c#5', 'edited');
			by().remove('c#6');
		});
		await eventually('all', () => rig.numbers().at(-1) === 60);
		const numbers = rig.numbers();
		expect(numbers).toEqual(span(numbers[0] ?? 0, 60));
		await rig.chat.history('c', 'older');
		expect(rig.numbers()).toEqual(span(1, 60));
		expect(rig.bodies()[4]).toBe('edited');
		expect(rig.bodies()[5]).toBe('');
	});

	it('stays where one reads while the server was away', async () => {
		by().fill('c', 1_000);
		await open();
		await rig.chat.history('c', { around: 300 });
		await away(() => by().edit('c#301', 'edited'));
		await eventually('level there', () => rig.bodies().includes('edited'));
		const numbers = rig.numbers();
		expect(numbers).toContain(300);
		expect(numbers).toEqual(span(numbers[0] ?? 0, numbers.at(-1) ?? 0));
	});

	it('gives up what was held when the database was restored', async () => {
		by().fill('c', 30);
		by().edit('c#2', 'lost by the restore');
		await open();
		await away(() => {
			by().messages.set('c#2', { ...(by().messages.get('c#2') as MessageNode), body: 'as it was', version: 1 });
			by().cut('c', 20);
			rig.server.restore();
		});
		await eventually('as it was', () => rig.numbers().at(-1) === 20);
		expect(rig.numbers()).toEqual(span(1, 20));
		expect(rig.bodies()[1]).toBe('as it was');
	});

	it('lets a channel go that is not for the viewer any more, with all that still comes', async () => {
		by().fill('c', 30);
		await open();
		rig.server.revoke('c');
		await eventually('gone', () => phase() === 'gone');
		expect(rig.bodies()).toEqual([]);
		expect(rig.graph.nodes.has('c')).toBe(false);
		rig.graph.answered([{ node: by().post('c', 'secret') }]);
		await rig.chat.history('c', 'older');
		await never('anything', () => rig.bodies().length > 0 || phase() !== 'gone');
		expect(rig.graph.messages.of('c')?.size).toBe(0);
		rig.server.grant('c');
		await ready();
		await eventually('all of it', () => rig.bodies().at(-1) === 'secret');
	});

	it('says of a channel that is not there that it is gone', async () => {
		rig.chat.open('nowhere');
		await eventually('gone', () => rig.chat.state('nowhere').phase === 'gone');
	});

	it('shares a channel, and forgets it after the last who looks', async () => {
		by().fill('c', 3);
		const first = await open();
		const second = rig.chat.open('c');
		first();
		first();
		expect(rig.numbers()).toEqual([1, 2, 3]);
		second();
		expect(rig.numbers()).toEqual([]);
		expect(rig.graph.messages.of('c')).toBeUndefined();
		await open();
		await rig.shows('m1', 'm2', 'm3');
	});

	it('shows nothing of one person to another', async () => {
		by().fill('c', 3);
		await open();
		rig.graph.clear();
		rig.chat.become('per');
		expect(rig.numbers()).toEqual([]);
		expect(phase()).toBe('loading');
		expect([...rig.chat.marks().keys()]).toEqual([]);
		rig.server.person_id = 'per';
		rig.connection.restart();
		await rig.shows('m1', 'm2', 'm3');
	});

	it('knows what is unread, in all channels', async () => {
		by().make('d');
		by().fill('d', 7);
		rig.server.sign('channels');
		const mark = (id: string) => rig.chat.marks().get(id);
		await eventually('read', () => mark('d')?.last_number === 7);
		expect(mark('c')).toMatchObject({ last_number: 0, read_number: 0 });
		by().post('d', 'more');
		await eventually('it counts', () => mark('d')?.last_number === 8);
		by().fill('d', 20, 'd#1');
		by().post('d', 'a reply', { thread_id: 'd#1' });
		by().post('c', 'elsewhere');
		await eventually('that too', () => mark('c')?.last_number === 1);
		expect(mark('d')?.last_number, 'replies do not').toBe(8);
		rig.chat.read('d', 8);
		expect(mark('d')?.read_number).toBe(8);
		rig.chat.read('d', 3);
		expect(mark('d')?.read_number, 'only rises').toBe(8);
		await away(() => by().post('d', 'while it was away'));
		await eventually('it counts', () => mark('d')?.last_number === 9);
		expect(mark('d')?.read_number).toBe(8);
		by().post('d', 'mine, from elsewhere', { author: 'kari' });
		by().reads.set('d', { read_number: 10, muted: false });
		await eventually('read', () => mark('d')?.read_number === 10);
		rig.server.revoke('d');
		await eventually('not there', () => !rig.chat.marks().has('d'));
	});

	it('brings the pinned', async () => {
		by().fill('c', 3);
		by().change('c#2', {}, { pinned_at: 'now' });
		await open();
		expect((await rig.chat.pins('c')).map(({ id }) => id)).toEqual(['c#2']);
	});
});
