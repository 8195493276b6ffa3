import { beforeEach, describe, expect, it } from 'vitest';
import { GraphStore } from './graph.svelte';
import { Graves, graves_limit } from './graves';
import { edge, node, nodeOf } from './testing/rows';

describe('GraphStore', () => {
	let graph: GraphStore;
	beforeEach(() => {
		graph = new GraphStore();
		graph.wanted('kind:system');
	});

	const titles = () => [...graph.nodes.values()].map(({ title }) => title).sort();
	const upsert = (...nodes: ReturnType<typeof node>[]) =>
		graph.changes(nodes.map((node) => ({ op: 'upsert', node })));
	const gone = (id: string, version: number) =>
		graph.changes([{ op: 'delete', entity: 'node', id, version }]);

	it('takes a newer version and ignores older and equal ones', () => {
		upsert(node('a', 2));
		upsert(node('a', 1), node('a', 2, { title: 'another 2' }));
		expect(titles()).toEqual(['a v2']);
		upsert(node('a', 3));
		expect(titles()).toEqual(['a v3']);
	});

	it('takes what is read by pages, but nothing that went away after it was asked for', () => {
		const early = graph.mark();
		graph.paged([node('a', 2), node('b', 1)], early);
		upsert(node('a', 3));
		const asked = graph.mark();
		graph.removed({ scope_ids: [], ids: [{ entity: 'node', id: 'b', version: 1 }] });
		graph.paged([node('a', 2), node('b', 1)], asked);
		expect(titles(), 'the page was read before b went out of sight').toEqual(['a v3']);
		graph.paged([node('b', 1)], graph.mark());
		expect(titles(), 'it came back into sight').toEqual(['a v3', 'b v1']);
		const before = graph.mark();
		graph.clear();
		graph.paged([node('b', 5)], before);
		expect(titles(), 'of whoever looked at the page before').toEqual([]);
	});

	it('ends the same in whatever order the events of a node come', () => {
		const events = [
			() => upsert(node('a', 1)),
			() => upsert(node('a', 2)),
			() => gone('a', 3),
			() => upsert(node('a', 4))
		];
		for (const order of permutations(events)) {
			graph.clear();
			for (const event of order) event();
			expect(titles()).toEqual(['a v4']);
		}
	});

	it('keeps a deleted row away until it is made again above its grave', () => {
		upsert(node('a', 2));
		gone('a', 3);
		upsert(node('a', 2), node('a', 3));
		graph.rows('kind:system', { nodes: [node('a', 2)] }, graph.mark());
		expect(titles()).toEqual([]);
		upsert(node('a', 4));
		expect(titles()).toEqual(['a v4']);
	});

	it('ignores a delete older than the row', () => {
		upsert(node('a', 4));
		gone('a', 3);
		expect(titles()).toEqual(['a v4']);
	});

	it('never lets a slow first read overwrite or drop what came meanwhile', () => {
		const mark = graph.mark();
		upsert(node('a', 2), node('new', 1));
		graph.rows('kind:system', { nodes: [node('a', 1), node('b', 1)] }, mark);
		expect(titles()).toEqual(['a v2', 'b v1', 'new v1']);
	});

	it('drops with a snapshot what is no longer among its rows', () => {
		upsert(node('a'), node('b'));
		graph.rows('kind:system', { nodes: [node('b')] }, graph.mark());
		expect(titles()).toEqual(['b v1']);
	});

	it('replaces the rows of a topic that cannot be continued, whatever their versions', () => {
		upsert(node('a', 9), node('b', 9));
		gone('c', 9);
		graph.resync('kind:system');
		expect(titles()).toEqual(['a v9', 'b v9']); // shown on until the new ones are here
		graph.rows('kind:system', { nodes: [node('a', 3), node('c', 2)] }, graph.mark());
		expect(titles()).toEqual(['a v3', 'c v2']);
		upsert(node('a', 2));
		expect(titles()).toEqual(['a v3', 'c v2']);
	});

	it('takes a scope away before any later data, with its edges and level', () => {
		graph.wanted('node:a');
		graph.added({
			scope_id: 'closed',
			level: 'member',
			nodes: [node('a'), node('s', 5, { scope_id: 'closed' })],
			edges: [edge('a', 's', 1, { target_scope_id: 'closed' })]
		});
		expect(graph.levels.get('closed')).toBe('member');
		graph.removed({ scope_ids: ['closed'], ids: [] });
		expect(titles()).toEqual(['a v1']);
		expect(graph.edges.size).toBe(0);
		expect(graph.levels.has('closed')).toBe(false);

		upsert(node('s', 5, { scope_id: 'closed' })); // a late answer of before
		expect(titles()).toEqual(['a v1']);
		graph.added({ scope_id: 'closed', level: 'reader', nodes: [node('s', 5, { scope_id: 'closed' })] });
		expect(titles()).toEqual(['a v1', 's v5']);
		expect(graph.levels.get('closed')).toBe('reader');
	});

	it('takes single rows away by id, unless it knows a newer one', () => {
		upsert(node('a', 2), node('b', 7));
		const ids = [
			{ entity: 'node' as const, id: 'a', version: 3 },
			{ entity: 'node' as const, id: 'b', version: 6 }
		];
		graph.removed({ scope_ids: [], ids });
		expect(titles()).toEqual(['b v7']);
		upsert(node('a', 3));
		expect(titles()).toEqual(['b v7']);
	});

	it('keeps only what a topic covers', () => {
		upsert(node('a'), nodeOf('person', 'kari'));
		expect(titles()).toEqual(['a v1']);
		graph.wanted('node:kari');
		graph.changes([
			{ op: 'upsert', node: nodeOf('team', 'ops') },
			{ op: 'upsert', node: nodeOf('person', 'kari') },
			{ op: 'upsert', edge: edge('kari', 'ops') },
			{ op: 'upsert', edge: edge('x', 'y') }
		]);
		expect(titles()).toEqual(['a v1', 'kari v1', 'ops v1']);
		expect([...graph.edges.keys()]).toEqual(['kari>ops']);
		graph.changes([{ op: 'delete', entity: 'edge', id: 'kari>ops', version: 2 }]);
		expect(titles()).toEqual(['a v1', 'kari v1']);
		graph.dropped('node:kari');
		expect(titles()).toEqual(['a v1']);
	});

	it('goes on with rows beyond what the server sends at once', () => {
		graph.wanted('node:far');
		upsert(node('far'), node('b'));
		graph.rows('kind:system', { nodes: [node('a')], truncated: true }, graph.mark());
		expect(titles()).toEqual(['a v1', 'far v1']);
		expect(graph.truncated.has('kind:system')).toBe(true);
	});

	it('applies the answer to a write like an event, and a deletion at once', () => {
		upsert(node('a', 1));
		graph.answered([{ node: node('a', 2) }, { node: node('b', 1) }]);
		upsert(node('a', 1));
		expect(titles()).toEqual(['a v2', 'b v1']);
		graph.answered([{ deleted: 'a' }]);
		upsert(node('a', 2));
		expect(titles()).toEqual(['b v1']);
	});

	it('forgets everything when somebody else looks', () => {
		upsert(node('a', 9));
		graph.levels.set('scope', 'owner');
		gone('b', 9);
		graph.clear();
		expect([graph.nodes.size, graph.edges.size, graph.levels.size]).toEqual([0, 0, 0]);
		upsert(node('a', 1), node('b', 1));
		expect(titles()).toEqual(['a v1', 'b v1']);
	});
});

describe('Graves', () => {
	it('are bounded, and give up the oldest first', () => {
		const graves = new Graves();
		for (let n = 0; n <= graves_limit; n++) graves.dig(`n${n}`, 5, 'deleted');
		expect(graves.size).toBe(graves_limit);
		expect(graves.lets('n0', 1, 'event')).toBe(true);
		expect(graves.lets('n1', 5, 'event')).toBe(false);
	});
});

function permutations<T>(list: T[]): T[][] {
	if (list.length < 2) return [list];
	return list.flatMap((head, index) =>
		permutations([...list.slice(0, index), ...list.slice(index + 1)]).map((rest) => [head, ...rest])
	);
}
