import { describe, expect, it } from 'vitest';
import type { Cause, SystemNode, SystemState } from '$lib/api/types';
import { node } from '$lib/live/testing/rows';
import { storiesOf, worstFirst } from './stories';

const system = (id: string, state: SystemState, effective_state: SystemState, effective_since = '2026-01-01') =>
	node(id, 1, { title: id, system: { state, effective_state, effective_since } as SystemNode['system'] }) as SystemNode;

const told = (systems: SystemNode[], causes: Record<string, Cause | null>) => {
	const problems = systems.filter(({ system }) => system.effective_state !== 'up');
	const find = (id: string) => systems.find((one) => one.id === id);
	return worstFirst(storiesOf(problems, (id) => causes[id], find)).map(
		({ key, state, hit, since }) => `${key} ${state} ${since}: ${hit.map(({ id }) => id).join()}`
	);
};

describe('stories', () => {
	const db = system('db', 'down', 'down', '2026-01-02');
	const shop = system('shop', 'up', 'down', '2026-01-03');
	const till = system('till', 'unknown', 'degraded', '2026-01-04');

	it('fold what one failure takes along, however many steps', () => {
		const because: Cause = { id: 'db', title: 'db' };
		expect(told([till, shop, db], { shop: because, till: because })).toEqual(['db down 2026-01-02: shop,till']);
	});

	it('tell of a system with a failure of its own by itself', () => {
		const own = system('own', 'degraded', 'down', '2026-01-05');
		expect(told([db, own], {})).toEqual(['own down 2026-01-05: ', 'db down 2026-01-02: ']);
	});

	it('wait for a cause that is not known yet', () => expect(told([shop], {})).toEqual([]));

	it('tell of an incident by what it is about', () => {
		expect(told([shop], { shop: null })).toEqual(['shop down 2026-01-03: ']);
	});

	it('name nothing that is hidden, and put it together', () => {
		const hidden: Cause = { hidden: true };
		expect(told([shop, till], { shop: hidden, till: hidden })).toEqual(['hidden down 2026-01-03: shop,till']);
	});

	it('put what is down first, then the latest', () => {
		const slow = system('slow', 'degraded', 'degraded', '2026-01-09');
		expect(told([db, slow, till], { till: null }).map((line) => line.split(' ')[0])).toEqual(['db', 'slow', 'till']);
	});
});
