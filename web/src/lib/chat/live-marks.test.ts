import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { eventually, fakeClock, until } from '$lib/live/testing/until';
import { mark_every_ms } from './marks.svelte';
import { typing_every_ms } from './presence.svelte';
import { ChatRig } from './testing/rig';

// What a page that is live tells of its viewer, and hears of others.
describe('LiveChat', () => {
	let rig: ChatRig;

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
		await rig.end();
	});

	const by = () => rig.server.chat;
	const down = async () => {
		await rig.server.kill();
		await eventually('reconnecting', () => rig.status?.kind === 'reconnecting');
	};
	const up = async () => {
		await rig.server.start();
		await eventually('live', () => rig.isLevel);
	};

	it('tells how far one has read at most once a second, only rising', async () => {
		by().fill('c', 50);
		const told = () => by().asked.filter((path) => path === 'PUT /channels/c/mark').length;
		for (let number = 1; number <= 40; number++) rig.chat.read('c', number);
		await eventually('the first', () => told() === 1, mark_every_ms / 2);
		await eventually('the last', () => by().reads.get('c')?.read_number === 40, mark_every_ms * 2);
		expect(told()).toBe(2);
		rig.chat.read('c', 12);
		await expect(eventually('a lower one', () => told() > 2, 5_000)).rejects.toThrow('not within');
		expect(rig.chat.marks().get('c')?.read_number).toBe(40);
	});

	it('tells how far one has read once the server is back', async () => {
		by().fill('c', 50);
		await down();
		const tries = vi.spyOn(globalThis, 'fetch');
		const failed = () => tries.mock.settledResults.filter(({ type }) => type === 'rejected').length;
		rig.chat.read('c', 50);
		await vi.advanceTimersByTimeAsync(mark_every_ms);
		await eventually('that it failed', () => failed() > 0);
		await up();
		await eventually('told', () => by().reads.get('c')?.read_number === 50);
	});

	it('takes what one wrote for read, and mutes', async () => {
		rig.chat.send('c', { body: 'mine' });
		await eventually('read', () => rig.chat.marks().get('c')?.read_number === 1);
		await rig.chat.mute('c', true);
		expect(rig.chat.marks().get('c')?.muted).toBe(true);
	});

	it('asks for the marks anew when a channel is heard of that it did not know', async () => {
		await eventually('marks', () => rig.chat.marks().size === 2);
		by().make('new');
		by().post('new', 'hello');
		await eventually('known', () => rig.chat.marks().get('new')?.last_number === 1);
	});

	it('tells that one is writing at most every three seconds, of an open channel', async () => {
		const told = () => rig.server.seen.filter(({ type }) => type === 'typing');
		for (let n = 0; n < 10; n++) rig.chat.typing('c');
		rig.chat.typing('d');
		await eventually('told', () => told().length === 1);
		await vi.advanceTimersByTimeAsync(typing_every_ms - 500);
		rig.chat.typing('c');
		await vi.advanceTimersByTimeAsync(600);
		rig.chat.typing('c');
		await eventually('told again', () => told().length === 2);
		expect(told().map(({ channel_id }) => channel_id)).toEqual(['c', 'c']);
	});

	it('knows who else is there, until the connection is lost', async () => {
		const people = [
			{ id: 'kari', title: 'Kari', typing: false },
			{ id: 'ola', title: 'Ola', typing: true }
		];
		rig.server.send({ type: 'presence', channel_id: 'd', people });
		rig.server.send({ type: 'presence', channel_id: 'c', people });
		await until('ola', () => rig.chat.state('c').people.length > 0);
		expect(rig.chat.state('c').people).toEqual([people[1]]);
		expect(rig.chat.state('d').people, 'not open').toEqual([]);
		await down();
		expect(rig.chat.state('c').people).toEqual([]);
	});
});
