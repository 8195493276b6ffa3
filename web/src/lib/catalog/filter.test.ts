import { describe, expect, it } from 'vitest';
import type { Node, SystemNode, SystemState } from '$lib/api/types';
import { node, nodeOf } from '$lib/live/testing/rows';
import { everything, filterOf, isFiltered, paramsOf, select, type SystemFilter } from './filter';

describe('a filter', () => {
	it.each(['', 'q=pay', 'q=pay&state=down,degraded&group=a,b&environment=c&order=worst_first'])('survives the address %s', (query) => {
		const filter = filterOf(new URLSearchParams(query));
		expect(decodeURIComponent(paramsOf(filter).toString())).toBe(query);
	});

	it('leaves out what it does not know', () => {
		expect(filterOf(new URLSearchParams('state=broken&order=random&group=,'))).toEqual(everything);
	});

	it('is none for an order alone', () => {
		expect(isFiltered({ ...everything, order: 'newest_first', text: '  ' })).toBe(false);
		expect(isFiltered({ ...everything, states: ['up'] })).toBe(true);
	});
});

describe('select', () => {
	const system = (title: string, effective_state: SystemState, parent_id: string, since: string) =>
		node(title, 1, {
			title,
			parent_id,
			system: { effective_state, effective_since: since, enabled: true } as SystemNode['system']
		}) as SystemNode;
	const nodes = new Map<string, Node>(
		[
			nodeOf('workspace', 'w', 1, { parent_id: null }),
			nodeOf('group', 'outer', 1, { parent_id: 'w' }),
			nodeOf('group', 'inner', 1, { parent_id: 'outer' })
		].map((place) => [place.id, place])
	);
	const all = [
		system('Pay 10', 'up', 'w', '2026-01-03'),
		system('pay 9', 'down', 'outer', '2026-01-01'),
		system('Till', 'degraded', 'inner', '2026-01-02'),
		system('Door', 'unknown', 'inner', '2026-01-04')
	];
	const runsIn = (id: string, environments: string[]) => environments.includes('production') && id === 'Till';
	const titles = (filter: Partial<SystemFilter>) =>
		select(all, { ...everything, ...filter }, { nodes, runsIn }).map((found) => found.title);

	it.each<[Partial<SystemFilter>, string[]]>([
		[{}, ['Door', 'pay 9', 'Pay 10', 'Till']],
		[{ text: ' PAY ' }, ['pay 9', 'Pay 10']],
		[{ states: ['down', 'up'] }, ['pay 9', 'Pay 10']],
		[{ groups: ['outer'] }, ['Door', 'pay 9', 'Till']],
		[{ groups: ['inner'] }, ['Door', 'Till']],
		[{ environments: ['production', 'x'] }, ['Till']],
		[{ environments: ['x'] }, []],
		[{ text: 'pay', groups: ['inner'] }, []],
		[{ systems: ['Door', 'gone'] }, ['Door']],
		[{ systems: ['Door'], text: 'pay' }, ['Door', 'pay 9', 'Pay 10']],
		[{ order: 'worst_first' }, ['pay 9', 'Till', 'Door', 'Pay 10']],
		[{ order: 'newest_first' }, ['Door', 'Pay 10', 'Till', 'pay 9']]
	])('%j', (filter, expected) => expect(titles(filter)).toEqual(expected));
});
