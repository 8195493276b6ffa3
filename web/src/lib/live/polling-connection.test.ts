import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { poll_every_ms } from './polling-connection';
import { Rig } from './testing/rig';
import { node } from './testing/rows';
import { eventually, fakeClock } from './testing/until';

describe('PollingConnection', () => {
	let rig: Rig;

	beforeEach(async () => {
		fakeClock();
		rig = new Rig('polling');
		await rig.server.start();
		rig.server.socketsBlocked = true;
		rig.server.put(node('a'));
		rig.connection.start();
		rig.connection.subscribe('kind:system');
		await eventually('polling', () => rig.status?.kind === 'polling');
	});
	afterEach(() => rig.end());

	it('shows a change within one round, and never opens a socket', async () => {
		rig.server.put(node('a', 2));
		await eventually('the change', () => rig.titles().join() === 'a v2', poll_every_ms + 500);
		expect(rig.opened).toEqual([]);
	});

	it('keeps what was written while an answer from before the write was on its way', async () => {
		await eventually('the first rows', () => rig.titles().length === 1);
		let release = () => undefined as void;
		rig.server.hold = new Promise((resolve) => (release = resolve));
		const { requests } = rig.server;
		await eventually('a request on its way', () => rig.server.requests > requests);
		rig.graph.answered([{ node: node('mine') }, { node: node('a', 2) }]);
		rig.server.nodes.set('mine', node('mine'));
		rig.server.nodes.set('a', node('a', 2));
		release();
		await eventually('its answer', () => rig.server.requests > requests + 1);
		expect(rig.titles()).toEqual(['a v2', 'mine v1']);
	});

	it('does not wait for the next round with a topic that is new', async () => {
		rig.server.put(node('place', 1, { kind: 'group' }));
		rig.connection.subscribe('kind:group');
		await eventually('its rows', () => rig.titles().includes('place v1'), 500);
	});

	it('reads a topic in the very round in which the page asks for it', async () => {
		rig.server.put(node('place', 1, { kind: 'group' }));
		let ready = false;
		// As a page does, which learns from its first rows what else it shows.
		rig.connection.restart();
		rig.connection.subscribe('kind:person', { ready: () => rig.connection.subscribe('kind:group', { ready: () => (ready = true) }) });
		await eventually('its rows', () => ready, 500);
		expect(rig.titles()).toContain('place v1');
	});

	it('gives up a request that is never answered', async () => {
		rig.server.mute = true;
		await eventually('reconnecting', () => rig.status?.kind === 'reconnecting', 20_000);
		rig.server.mute = false;
		await eventually('polling', () => rig.status?.kind === 'polling');
	});

	it('hears of the lifecycle within one round', async () => {
		expect(rig.lifecycles.at(-1)).toMatchObject({ phase: 'running', window: null });
		rig.server.lifecycle = { phase: 'announced', window: null };
		await eventually('it', () => rig.lifecycles.at(-1)?.phase === 'announced', poll_every_ms + 500);
	});

	it('notices that somebody else is signed in', async () => {
		rig.server.person_id = 'ola';
		await eventually('ola', () => rig.identities.at(-1) === 'ola', 20_000);
	});
});
