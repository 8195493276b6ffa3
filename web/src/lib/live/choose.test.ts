import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { chooseConnection, probe_limit_ms, probeSocket, wishOf, type Ways } from './choose';
import type { Connection } from './connection';
import { Rig } from './testing/rig';
import { eventually, fakeClock } from './testing/until';

describe('wishOf', () => {
	it.each([
		['?connection=polling', 'live', 'polling'],
		['?connection=live', null, 'live'],
		['', 'polling', 'polling'],
		['?connection=other', 'live', 'auto'],
		['', null, 'auto']
	] as const)('%s with meta %s is %s', (query, meta, wish) => {
		expect(wishOf(query, meta)).toBe(wish);
	});
});

describe('chooseConnection', () => {
	const ways = (probe: boolean, answers: boolean): Ways => ({
		live: () => ({ kind: 'live' }) as Connection,
		polling: () => ({ kind: 'polling' }) as Connection,
		probe: () => (probe ? Promise.resolve() : Promise.reject(new Error('no socket'))),
		answers: () => Promise.resolve(answers)
	});
	it.each([
		['auto', true, true, 'live'],
		['auto', false, true, 'polling'],
		['auto', false, false, 'live'],
		['live', false, true, 'live'],
		['polling', true, true, 'polling']
	] as const)('%s, socket %s, requests %s: %s', async (wish, socket, requests, kind) => {
		expect((await chooseConnection(wish, ways(socket, requests))).kind).toBe(kind);
	});
});

describe('probeSocket', () => {
	let rig: Rig;
	beforeEach(async () => {
		fakeClock();
		rig = new Rig('live');
		await rig.server.start();
	});
	afterEach(() => rig.end());
	const probe = () => probeSocket(() => rig.openSocket(), probe_limit_ms);

	it('succeeds where a socket opens, and closes it again', async () => {
		await probe();
		await eventually('closed', () => rig.server.open === 0);
	});

	it('fails where sockets are refused', async () => {
		rig.server.socketsBlocked = true;
		await expect(probe()).rejects.toThrow();
	});

	it('does not hold up the first render where they hang', async () => {
		const silent = { close: vi.fn() } as unknown as WebSocket;
		const outcome = probeSocket(() => silent, probe_limit_ms).catch(() => 'given up');
		await vi.advanceTimersByTimeAsync(probe_limit_ms);
		expect(await outcome).toBe('given up');
		expect(silent.close).toHaveBeenCalled();
	});
});
