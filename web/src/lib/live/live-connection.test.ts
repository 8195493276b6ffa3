import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { nothingAhead, type Window } from '$lib/lifecycle/types';
import { backoff_limit_ms } from './backoff';
import { ping_every_ms, pong_timeout_ms, retry_after_limit_ms } from './live-connection';
import { Rig } from './testing/rig';
import { node } from './testing/rows';
import { eventually, fakeClock, until } from './testing/until';

describe('LiveConnection', () => {
	let rig: Rig;

	beforeEach(async () => {
		fakeClock();
		rig = new Rig('live');
		await rig.server.start();
		rig.server.put(node('a'));
		rig.connection.start();
		rig.connection.subscribe('kind:system');
		await eventually('live', () => rig.status?.kind === 'live');
	});
	afterEach(async () => {
		vi.unstubAllGlobals();
		await rig.end();
	});

	const title = (wanted: string) => until(wanted, () => rig.titles().join() === wanted);
	const subscribes = () => rig.server.seen.filter(({ type }) => type === 'subscribe');

	it('shows a change at once, without any timer', async () => {
		rig.server.put(node('a', 2));
		await title('a v2');
	});

	it('continues with its newest token instead of asking for the rows again', async () => {
		rig.server.put(node('a', 2));
		await title('a v2');
		await rig.server.kill();
		rig.server.put(node('a', 3));
		await rig.server.start();
		await eventually('caught up', () => rig.titles().join() === 'a v3');
		expect(subscribes().at(-1)?.since).toBe('1.2');
		expect(rig.server.rowsSent).toBe(1);
	});

	it('begins from the first rows when its token cannot be continued', async () => {
		await rig.server.kill();
		rig.server.restore(node('b', 1));
		await rig.server.start();
		await eventually('the restored rows', () => rig.titles().join() === 'b v1');
		expect(subscribes().slice(-2).map(({ since }) => since)).toEqual(['1.1', undefined]);
	});

	it('gives each subscription its own token until the stream moves on', async () => {
		rig.server.put(node('a', 2));
		await title('a v2');
		rig.server.log.push({ op: 'upsert', node: node('later') }); // not sent yet
		rig.connection.subscribe('kind:group');
		await until('both asked', () => rig.server.rowsSent === 2);
		await rig.server.kill();
		await rig.server.start();
		await eventually('live', () => subscribes().length === 4 && rig.status?.kind === 'live');
		expect(subscribes().slice(-2).map(({ topic, since }) => [topic, since])).toEqual([
			['kind:system', '1.2'],
			['kind:group', '1.3']
		]);
	});

	it('notices a network that swallows everything, within a ping and its time-out', async () => {
		rig.server.mute = true;
		const start = Date.now();
		await eventually('reconnecting', () => rig.status?.kind === 'reconnecting');
		expect(Date.now() - start).toBeLessThanOrEqual(ping_every_ms + pong_timeout_ms + 100);
		rig.server.mute = false;
		await eventually('live', () => rig.status?.kind === 'live');
	});

	it('calls data stale when the server itself is behind, with its age', async () => {
		rig.server.lag_ms = 20_000;
		await eventually('stale', () => rig.status?.kind === 'stale');
		const status = rig.status;
		const age_ms = Date.now() - (status?.kind === 'stale' ? status.fresh_at : 0);
		expect(age_ms).toBeGreaterThanOrEqual(20_000);
		expect(age_ms).toBeLessThan(21_000);
		rig.server.lag_ms = 0;
		await eventually('live', () => rig.status?.kind === 'live');
	});

	it('tries for ever, ever more rarely, but at least every 15 s', async () => {
		rig.random = () => 1;
		await rig.server.kill();
		await eventually('many tries', () => rig.opened.length >= 12, 600_000);
		const waits = rig.opened.slice(1).map((at, index) => at - (rig.opened[index] ?? 0));
		expect(waits.slice(1, 6)).toEqual([...waits.slice(1, 6)].sort((a, b) => a - b));
		expect(Math.max(...waits.slice(1))).toBeLessThanOrEqual(backoff_limit_ms + 200);
		expect(waits.at(-1)).toBeGreaterThan(backoff_limit_ms / 2);
	});

	it('tries at once when the network is back', async () => {
		rig.connection.stop();
		const listeners = new Map<string, () => void>();
		vi.stubGlobal('addEventListener', (type: string, act: () => void) => listeners.set(type, act));
		vi.stubGlobal('removeEventListener', () => undefined);
		await rig.server.kill();
		rig.connection.start();
		rig.random = () => 1;
		await eventually('a long wait', () => rig.opened.length >= 7, 60_000);
		await rig.server.start();
		const tries = rig.opened.length;
		listeners.get('online')?.();
		expect(rig.opened.length).toBe(tries + 1);
		await until('live', () => rig.status?.kind === 'live');
	});

	it.each([1012, 1008, 4408])('comes back after a close with %i, from its token', async (code) => {
		rig.server.close(code);
		await eventually('reconnecting', () => rig.status?.kind === 'reconnecting');
		rig.server.put(node('a', 2));
		await eventually('caught up', () => rig.titles().join() === 'a v2');
		expect(rig.server.rowsSent).toBe(1);
	});

	it('gives a server with too many sockets a rest', async () => {
		rig.random = () => 1;
		rig.server.close(4429);
		await eventually('reconnecting', () => rig.status?.kind === 'reconnecting');
		const closed = Date.now();
		await eventually('another try', () => rig.opened.length === 2);
		expect((rig.opened[1] ?? 0) - closed).toBeGreaterThan(10_000);
	});

	it('begins anew after a frame that makes no sense', async () => {
		rig.server.send('{"type":');
		await eventually('reconnecting', () => rig.status?.kind === 'reconnecting');
		await eventually('live', () => rig.status?.kind === 'live');
	});

	const window: Window = {
		maintenance_id: 'm',
		state: 'in_progress',
		starts_at: '2026-01-01T12:00:00Z',
		ends_at: '2026-01-01T12:30:00Z',
		drain_until: null,
		rolling: false,
		admins_only: false
	};
	const told = () => rig.lifecycles.at(-1);

	it('passes on which part of the inbox to read', async () => {
		await eventually('read once', () => rig.inbox.dismissals === 1);
		rig.server.sign('dismissals');
		await eventually('read anew', () => rig.inbox.dismissals === 2);
		expect(rig.inbox.notifications).toBe(1);
	});

	it('passes on the lifecycle', async () => {
		rig.server.tell({ phase: 'closing', window });
		await until('it', () => told()?.phase === 'closing');
		expect(told()).toEqual({ phase: 'closing', window, server_time: expect.any(String) });
	});

	it('takes silence after hello for nothing to tell, and says nothing before it knows', async () => {
		rig.server.tell({ phase: 'draining', window });
		await until('it', () => told()?.phase === 'draining');
		await rig.server.kill();
		rig.lifecycles.length = 0;
		await rig.server.start();
		await eventually('told again', () => rig.lifecycles.length > 0);
		expect(rig.lifecycles.map(({ phase }) => phase), 'never running in between').toEqual(['draining']);
		await rig.server.kill();
		rig.server.lifecycle = nothingAhead;
		await rig.server.start();
		await eventually('nothing any more', () => told()?.phase === 'running');
		expect(told()?.window).toBeNull();
	});

	it('comes back when the server asked it to, and not before', async () => {
		rig.random = () => 0;
		rig.server.tell({ phase: 'draining', window }, 5_000);
		await until('it', () => told()?.phase === 'draining');
		const before = rig.opened.length;
		const left = Date.now();
		rig.server.close(1012);
		await eventually('another try', () => rig.opened.length > before, 30_000);
		expect((rig.opened.at(-1) ?? 0) - left).toBeGreaterThanOrEqual(5_000);
		expect((rig.opened.at(-1) ?? 0) - left).toBeLessThan(6_000);
	});

	it('looks again within a minute, however late the server wants it', async () => {
		rig.random = () => 0;
		rig.server.tell({ phase: 'draining', window }, 86_400_000);
		await until('it', () => told()?.phase === 'draining');
		const before = rig.opened.length;
		rig.server.close(1012);
		await eventually('another try', () => rig.opened.length > before, retry_after_limit_ms + 1_000);
	});

	it('tells the version of whoever answers', async () => {
		await rig.server.kill();
		rig.server.version = '1';
		await rig.server.start();
		await eventually('the new one', () => rig.versions.length > 1);
		expect(rig.versions).toEqual(['0', '1']);
	});

	it('takes first rows in several frames as one snapshot', async () => {
		rig.server.rowsPerFrame = 2;
		rig.server.nodes.clear();
		for (const id of ['p', 'q', 'r', 's', 't']) rig.server.nodes.set(id, node(id, 1, { kind: 'group' }));
		let ready = 0;
		rig.connection.subscribe('kind:group', { ready: () => ready++ });
		await until('all rows', () => rig.graph.nodes.size === 6);
		expect(ready).toBe(1);
	});

	it('keeps its token through frames that carry none', async () => {
		rig.server.put(node('a', 2));
		await title('a v2');
		rig.server.send({ type: 'changes', token: null, events: [{ op: 'upsert', node: node('a', 3) }] });
		await title('a v3');
		await rig.server.kill();
		await rig.server.start();
		await eventually('asked again', () => subscribes().length === 2);
		expect(subscribes()[1]?.since).toBe('1.2');
	});

	it('asks again for a topic that the server could not read, and is not live until it runs', async () => {
		rig.server.refuseNext = 'unavailable';
		rig.connection.subscribe('kind:group');
		rig.server.nodes.set('g', node('g', 1, { kind: 'group' }));
		await eventually('not live', () => rig.status?.kind === 'reconnecting');
		await eventually('its rows', () => rig.titles().includes('g v1'));
		await until('live', () => rig.status?.kind === 'live');
	});

	it('begins a subscription anew when the server ends it, without a word if that is quick', async () => {
		const said = rig.statuses.length;
		rig.server.nodes.set('a', node('a', 7));
		rig.server.send({ type: 'resync', id: subscribes()[0]?.id });
		await title('a v7');
		expect(rig.statuses.length).toBe(said);
	});

	it('does not call data live while the server never was level', async () => {
		rig.server.lag_ms = null;
		await eventually('stale', () => rig.status?.kind === 'stale');
	});

	it('tells who refuses a topic, and goes on with the others', async () => {
		let refused = '';
		rig.connection.subscribe('node:x', { refused: (code) => (refused = code) });
		await until('asked', () => subscribes().length === 2);
		rig.server.send({ type: 'error', code: 'not_found', detail: '', id: subscribes()[1]?.id });
		await until('refused', () => refused === 'not_found');
		rig.server.put(node('a', 2));
		await title('a v2');
	});
});
