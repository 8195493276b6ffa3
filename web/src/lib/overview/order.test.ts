import { describe, expect, it } from 'vitest';
import type { Node, SystemNode, SystemState } from '$lib/api/types';
import { node, nodeOf } from '$lib/live/testing/rows';
import { byPlace, held, problemsFirst } from './order';

const system = (title: string, parent_id: string, state: SystemState = 'up', enabled = true) =>
	node(title, 1, {
		title,
		parent_id,
		system: { state, effective_state: enabled ? state : 'unknown', enabled } as SystemNode['system']
	}) as SystemNode;

const places = new Map<string, Node>(
	[
		nodeOf('workspace', 'w1', 1, { title: 'Works' }),
		nodeOf('workspace', 'w2', 1, { title: 'Alpha' }),
		nodeOf('group', 'g', 1, { title: 'Group', parent_id: 'w1' })
	].map((place) => [place.id, place])
);

describe('byPlace', () => {
	it('sorts by workspace, then group, then title; what is directly in a place comes first', () => {
		const systems = [system('b', 'g'), system('a10', 'w1'), system('a9', 'w1'), system('z', 'w2')];
		const sections = byPlace(systems, places).map(({ path, ids }) => [path.map((p) => p.title).join('/'), ids]);
		expect(sections).toEqual([
			['Alpha', ['z']],
			['Works', ['a9', 'a10']],
			['Works/Group', ['b']]
		]);
	});
});

describe('problemsFirst', () => {
	it('puts what is down before what is degraded, and what is paused last', () => {
		const systems = [
			system('fine', 'g'),
			system('off', 'g', 'down', false),
			system('slow', 'g', 'degraded'),
			system('broken', 'g', 'down'),
			system('new', 'g', 'unknown')
		];
		expect(problemsFirst(systems)[0]?.ids).toEqual(['broken', 'slow', 'new', 'fine', 'off']);
	});
});

describe('held', () => {
	it('lets nothing jump: what is shown keeps its place, gone ones leave, new ones come last', () => {
		expect(held(['a', 'b', 'c'], ['c', 'x', 'a'])).toEqual(['a', 'c', 'x']);
		expect(held([], ['c', 'a'])).toEqual(['c', 'a']);
	});
});
