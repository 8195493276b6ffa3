import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { poll_every_ms } from '$lib/live/polling-connection';
import { eventually, fakeClock } from '$lib/live/testing/until';
import type { MessageNode } from './types';
import { ChatRig, span } from './testing/rig';

describe('PollingChat', () => {
	let rig: ChatRig;

	beforeEach(async () => {
		fakeClock();
		rig = new ChatRig('polling');
		await rig.server.start();
		rig.server.socketsBlocked = true;
		rig.server.chat.make('c');
		rig.server.chat.fill('c', 500);
		rig.connection.start();
		rig.chat.open('c');
		await eventually('ready', () => rig.isLevel && rig.chat.state('c').phase === 'ready');
	});
	afterEach(() => rig.end());

	const by = () => rig.server.chat;
	const pages = () => by().asked.filter((path) => path === 'GET /channels/c/messages').length;
	const round = () => {
		const before = rig.server.requests;
		return eventually('a round', () => rig.server.requests > before + 2 && rig.isLevel, poll_every_ms * 2);
	};

	it('refuses every write, by one code, and asks the server nothing', async () => {
		const message = rig.chat.messages('c')[0] as MessageNode;
		const { chat } = rig;
		const before = by().asked.filter((path) => !path.startsWith('GET'));
		const writes = [
			() => chat.edit(message, 'x'),
			() => chat.remove(message),
			() => chat.react(message, '👍', true),
			() => chat.pin(message, true),
			() => chat.promote(message, 'public' as never),
			() => chat.mute('c', true),
			() => chat.upload('c', new File([], 'a'), () => undefined, new AbortController().signal)
		];
		for (const write of writes) await expect(write()).rejects.toMatchObject({ code: 'read_only' });
		expect(() => chat.send('c', { body: 'x' })).toThrow(expect.objectContaining({ code: 'read_only' }));
		expect(() => chat.resend('x')).toThrow(expect.objectContaining({ code: 'read_only' }));
		expect(chat.takeBack('x')).toBeNull();
		chat.typing('c');
		chat.read('c', 500);
		await round();
		expect(by().asked.filter((path) => !path.startsWith('GET'))).toEqual(before);
		expect(chat.state('c')).toMatchObject({ read_only: 'polling', waiting: [], people: [] });
		expect(chat.marks().get('c')?.read_number, 'on this page it counts').toBe(500);
		expect(rig.opened).toEqual([]);
	});

	it('reads nothing besides the first rows while they are all that is shown', async () => {
		const before = pages();
		await round();
		await round();
		expect(pages()).toBe(before);
	});

	it('reads what is older and shown again with each round, in one request', async () => {
		await rig.chat.history('c', 'older');
		expect(rig.numbers()).toEqual(span(351, 500));
		const before = pages();
		by().edit('c#360', 'edited');
		by().edit('c#490', 'too');
		await eventually('both', () => rig.bodies().includes('edited') && rig.bodies().includes('too'), poll_every_ms * 2);
		expect(pages() - before).toBeLessThanOrEqual(2);
		expect(rig.numbers()).toEqual(span(351, 500));
	});

	it('reads around where one is, and finds the way back', async () => {
		await rig.chat.history('c', { around: 100 });
		by().edit('c#100', 'edited');
		for (let n = 0; n < 120; n++) by().post('c', 'more');
		await eventually('the edit', () => rig.bodies().includes('edited'), poll_every_ms * 2);
		expect(rig.numbers()).toEqual(span(50, 149));
		expect(rig.chat.state('c').has_newer).toBe(true);
		await rig.chat.history('c', 'newest');
		expect(rig.numbers()).toEqual(span(521, 620));
	});

	it('goes to the end when more came between two rounds than are told', async () => {
		for (let n = 0; n < 90; n++) by().post('c', 'more');
		await eventually('the last', () => rig.numbers().at(-1) === 590, poll_every_ms * 2);
		expect(rig.numbers()).toEqual(span(541, 590));
	});

	it('says that it is not level when what is shown cannot be read again', async () => {
		await rig.chat.history('c', { around: 100 });
		by().refusePages = { status: 503, body: { code: 'unavailable' } };
		await eventually('not level', () => rig.status?.kind === 'reconnecting');
		by().refusePages = null;
		await eventually('level', () => rig.isLevel);
		await eventually('there', () => rig.numbers().includes(100));
	});

	it('shows what comes to a channel whose history is not shown', async () => {
		by().make('quiet', { kind: 'none' });
		by().fill('quiet', 30);
		rig.chat.open('quiet');
		await eventually('ready', () => rig.chat.state('quiet').phase === 'ready');
		by().post('quiet', 'one');
		by().post('quiet', 'two');
		await eventually('both', () => rig.bodies('quiet').join() === 'one,two', poll_every_ms * 2);
		by().edit('quiet#31', 'edited');
		await eventually('the edit', () => rig.bodies('quiet').join() === 'edited,two', poll_every_ms * 2);
	});
});
