import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from './connection';
import { Rig } from './testing/rig';
import { edge, node } from './testing/rows';
import { eventually, fakeClock } from './testing/until';

const kinds: Connection['kind'][] = ['live', 'polling'];

// What holds whichever way the page hears from the server.
describe.each(kinds)('a %s connection', (kind) => {
	let rig: Rig;

	beforeEach(async () => {
		fakeClock();
		rig = new Rig(kind);
		await rig.server.start();
		rig.server.put(node('a'), node('b'), node('place', 1, { kind: 'group' }));
		rig.connection.start();
	});
	afterEach(() => rig.end());

	const shows = (...titles: string[]) =>
		eventually(`shows ${titles}`, () => rig.titles().join() === titles.join());

	it('brings the first rows and says when they are there', async () => {
		let ready = 0;
		rig.connection.subscribe('kind:system', { ready: () => ready++ });
		await shows('a v1', 'b v1');
		expect(ready).toBe(1);
		await eventually('fresh', () => rig.status?.kind === kind);
	});

	it('brings what is changed, made and deleted', async () => {
		rig.connection.subscribe('kind:system');
		await shows('a v1', 'b v1');
		rig.server.put(node('a', 2), node('c'));
		rig.server.delete('b');
		await shows('a v2', 'c v1');
	});

	it('keeps the newer row when an older one comes', async () => {
		rig.connection.subscribe('kind:system');
		await shows('a v1', 'b v1');
		rig.graph.answered([{ node: node('a', 5) }]);
		rig.server.put(node('a', 4), node('b', 2));
		await shows('a v5', 'b v2');
	});

	it('takes away what may no longer be seen, and brings it back as it was', async () => {
		rig.server.put(node('secret', 3, { scope_id: 'closed' }));
		rig.connection.subscribe('kind:system');
		await shows('a v1', 'b v1', 'secret v3');
		rig.server.revoke('closed');
		await shows('a v1', 'b v1');
		rig.server.grant('closed');
		await shows('a v1', 'b v1', 'secret v3');
	});

	it('brings a node with its edges and their other ends', async () => {
		rig.server.link(edge('a', 'b'));
		rig.connection.subscribe('node:a');
		await shows('a v1', 'b v1');
		expect([...rig.graph.edges.keys()]).toEqual(['a>b']);
	});

	it('shares a topic, and forgets its rows after the last who listens', async () => {
		const first = rig.connection.subscribe('kind:system');
		const second = rig.connection.subscribe('kind:system');
		rig.connection.subscribe('kind:group');
		await shows('a v1', 'b v1', 'place v1');
		first();
		expect(rig.titles()).toEqual(['a v1', 'b v1', 'place v1']);
		second();
		expect(rig.titles()).toEqual(['place v1']);
	});

	it('says how old the data is while the server is away, keeps it, and misses nothing', async () => {
		rig.connection.subscribe('kind:system');
		await shows('a v1', 'b v1');
		await eventually('fresh', () => rig.status?.kind === kind);
		const before = Date.now();
		await rig.server.kill();
		await eventually('reconnecting', () => rig.status?.kind === 'reconnecting');
		expect(rig.status).toEqual({ kind: 'reconnecting', fresh_at: expect.any(Number) });
		expect(rig.status?.kind === 'reconnecting' && rig.status.fresh_at).toBeLessThanOrEqual(before);
		expect(rig.titles()).toEqual(['a v1', 'b v1']);

		rig.server.put(node('a', 2), node('c'));
		rig.server.delete('b');
		await rig.server.start();
		await shows('a v2', 'c v1');
		await eventually('fresh again', () => rig.status?.kind === kind);
	});

	it('hears nothing more once the session ended, until it begins anew as somebody else', async () => {
		rig.connection.subscribe('kind:system');
		await shows('a v1', 'b v1');
		rig.server.ended = true;
		rig.server.close(4401);
		await eventually('ended', () => rig.ended === 1);
		rig.graph.clear();
		rig.server.put(node('a', 2));
		await expect(eventually('any row', () => rig.titles().length > 0, 20_000)).rejects.toThrow();

		Object.assign(rig.server, { ended: false, person_id: 'ola' });
		rig.connection.restart();
		await shows('a v2', 'b v1');
		expect(rig.identities.at(-1)).toBe('ola');
		expect(rig.ended).toBe(1);
	});

	it('goes back to older versions only when the database did', async () => {
		rig.server.put(node('a', 9));
		rig.connection.subscribe('kind:system');
		await shows('a v9', 'b v1');
		await rig.server.kill();
		await eventually('reconnecting', () => rig.status?.kind === 'reconnecting');
		rig.server.restore(node('a', 4));
		await rig.server.start();
		await shows('a v4');
	});

	it('says when what is one’s own may have changed, and after it was away', async () => {
		await eventually('read once', () => rig.inbox.notifications > 0 && rig.inbox.dismissals > 0);
		let before = rig.inbox.notifications;
		rig.server.sign('notifications');
		await eventually('read anew', () => rig.inbox.notifications > before);
		await eventually('fresh', () => rig.status?.kind === kind);
		await rig.server.kill();
		await eventually('reconnecting', () => rig.status?.kind === 'reconnecting');
		before = rig.inbox.notifications;
		await rig.server.start();
		await eventually('read after that', () => rig.inbox.notifications > before);
	});

	it('brings where devices are in a window, in another one, and after it was away', async () => {
		const at = new Map<string, number>();
		rig.server.place('near', 1, 10, 60, 0, 0);
		rig.server.place('far', 1, 100, 0, 0, 0);
		const watch = rig.connection.watchPositions([9, 59, 11, 61], (rows) => rows.forEach(([id, time]) => at.set(id, time)));
		await eventually('the first', () => at.get('near') === 1);
		rig.server.place('near', 2, 10.1, 60, 0, 0);
		rig.server.place('far', 2, 100, 0, 0, 0);
		await eventually('the next', () => at.get('near') === 2);
		expect(at.has('far')).toBe(false);
		watch.move([99, -1, 101, 1]);
		await eventually('another window', () => at.get('far') === 2);
		rig.server.place('near', 3, 10.1, 60, 0, 0);
		await rig.server.kill();
		await eventually('reconnecting', () => rig.status?.kind === 'reconnecting');
		rig.server.place('far', 4, 100, 0, 0, 0);
		await rig.server.start();
		await eventually('after that', () => at.get('far') === 4);
		expect(at.get('near'), 'out of the window').toBe(2);
		watch.end();
		await eventually('it is told', () => kind === 'polling' || rig.server.seen.some(({ type, id }) => type === 'unsubscribe' && id === 'p1'));
		rig.server.place('far', 5, 100, 0, 0, 0);
		await expect(eventually('never', () => at.get('far') === 5, 10_000)).rejects.toThrow();
	});

	it("tells the server's clock", async () => {
		await eventually('a clock', () => rig.clock_ms !== null);
		expect(Math.abs(rig.clock_ms ?? Infinity)).toBeLessThan(100);
	});

	it('is still after stop', async () => {
		rig.connection.subscribe('kind:system');
		await shows('a v1', 'b v1');
		rig.connection.stop();
		await eventually('no socket', () => rig.server.open === 0);
		const { requests } = rig.server;
		const opened = rig.opened.length;
		await expect(eventually('never', () => false, 30_000)).rejects.toThrow();
		expect(rig.server.requests).toBe(requests);
		expect(rig.opened.length).toBe(opened);
	});
});
