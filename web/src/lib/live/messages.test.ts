import { beforeEach, describe, expect, it } from 'vitest';
import type { Node } from '$lib/api/types';
import type { MessageNode } from '$lib/chat/types';
import { held_limit_messages, newest_held_messages } from './channel-rows.svelte';
import { GraphStore } from './graph.svelte';
import { node } from './testing/rows';

describe('GraphStore with messages', () => {
	let graph: GraphStore;
	beforeEach(() => {
		graph = new GraphStore();
		graph.wanted('channel:c');
		graph.wanted('kind:system');
	});

	const channel = (id = 'c', version = 1) => node(id, version, { kind: 'channel', scope_id: id });
	const message = (number: number, version = 1, thread_id: string | null = null, channel_id = 'c'): MessageNode => {
		const id = `${thread_id ?? channel_id}#${number}`;
		const made = node(id, version, { kind: 'message', scope_id: channel_id, parent_id: channel_id });
		return { ...made, message: { channel_id, thread_id, number } as MessageNode['message'] };
	};
	const upsert = (...nodes: Node[]) => graph.changes(nodes.map((node) => ({ op: 'upsert', node })));
	const rows = (nodes: Node[], { truncated = true, again = false, mark = graph.mark() } = {}) =>
		graph.rows('channel:c', { nodes: [channel(), ...nodes], truncated }, mark, again);
	const held = (channel_id = 'c') => [...(graph.messages.of(channel_id)?.byId.values() ?? [])].map(({ title }) => title).sort();
	const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => message(from + index));
	/** Somebody who looks at these numbers. */
	const look = (from: number, to: number, thread_id: string | null = null) =>
		graph.messages.of('c')?.looks.add({
			thread_id,
			distance: (number) => Math.max(0, from - number, number - to),
			began: () => undefined,
			stirred: () => undefined
		});

	it('keeps messages of channels that are subscribed to, apart from the nodes', () => {
		upsert(message(1), message(1, 1, 'c#1'), message(1, 1, null, 'other'), node('a'));
		expect(held()).toEqual(['c#1 v1', 'c#1#1 v1']);
		expect([...graph.nodes.keys()]).toEqual(['a']);
		expect(graph.messages.of('other')).toBeUndefined();
		graph.dropped('channel:c');
		expect(graph.messages.of('c')).toBeUndefined();
		graph.wanted('channel:c');
		expect(held()).toEqual([]);
	});

	it('does not stir who shows nodes', () => {
		upsert(node('a'));
		const before = graph.stirred;
		upsert(message(1), message(2));
		graph.answered([{ node: message(1, 2) }]);
		expect(graph.stirred).toBe(before);
		upsert(node('a', 2), message(2, 2));
		expect(graph.stirred).toBeGreaterThan(before);
	});

	it('takes a newer version and ignores older and equal ones, whichever way they come', () => {
		upsert(message(1, 2));
		upsert(message(1, 1));
		graph.answered([{ node: message(1, 1) }]);
		rows([message(1, 1)]);
		expect(held()).toEqual(['c#1 v2']);
		rows([message(1, 3)]);
		expect(held()).toEqual(['c#1 v3']);
	});

	it('keeps a deleted one away until it comes above its grave', () => {
		upsert(message(1, 2));
		graph.changes([{ op: 'delete', entity: 'node', id: 'c#1', version: 3 }]);
		upsert(message(1, 3));
		rows([message(1, 3)]);
		expect(held()).toEqual([]);
		upsert(message(1, 4));
		expect(held()).toEqual(['c#1 v4']);
		graph.changes([{ op: 'delete', entity: 'node', id: 'c#1', version: 3 }]);
		expect(held()).toEqual(['c#1 v4']);
	});

	it('drops within the range of first rows what is not among them, but nothing that came meanwhile', () => {
		rows(range(1, 5), { truncated: false });
		const mark = graph.mark();
		upsert(message(6), message(3, 2));
		rows([message(2), message(4), message(5)], { mark, again: true });
		expect(held()).toEqual(['c#1 v1', 'c#2 v1', 'c#3 v2', 'c#4 v1', 'c#5 v1', 'c#6 v1']);
		rows([message(2), message(4), message(5)], { again: true });
		expect(held()).toEqual(['c#1 v1', 'c#2 v1', 'c#4 v1', 'c#5 v1', 'c#6 v1']);
	});

	it('keeps what is before first rows only without a gap, or where somebody looks', () => {
		rows(range(10, 12));
		rows(range(12, 14), { again: true });
		expect(held()).toHaveLength(5);
		look(10, 10);
		rows(range(17, 19), { again: true });
		expect(held()).toEqual(['c#10 v1', 'c#17 v1', 'c#18 v1', 'c#19 v1']);
	});

	it('keeps replies when first rows come again, and none after a break', () => {
		rows(range(1, 3));
		upsert(message(1, 1, 'c#1'));
		rows(range(1, 3), { again: true });
		expect(held()).toContain('c#1#1 v1');
		rows(range(1, 3));
		expect(held()).toEqual(['c#1 v1', 'c#2 v1', 'c#3 v1']);
	});

	it('holds nothing after a break that first rows did not bring, whatever the versions', () => {
		rows([message(8), message(9, 9), message(10)]);
		upsert(message(1, 1, 'c#9'));
		look(8, 8);
		graph.resync('channel:c');
		expect(held()).toHaveLength(4);
		const mark = graph.mark();
		upsert(message(11));
		rows([message(9, 3), message(10)], { mark, again: true });
		expect(held()).toEqual(['c#10 v1', 'c#11 v1', 'c#9 v3']);
		expect(graph.messages.of('c')?.last(null)).toBe(11);
	});

	it('forgets an end that never was', () => {
		rows(range(1, 9), { truncated: false });
		graph.resync('channel:c');
		rows(range(1, 4), { truncated: false });
		expect(graph.messages.of('c')?.last(null)).toBe(4);
	});

	it('lets a channel go with its scope, and nothing in until first rows come', () => {
		rows(range(1, 3));
		const early = graph.mark();
		graph.removed({ scope_ids: ['c'], ids: [] });
		expect([held(), graph.nodes.has('c')]).toEqual([[], false]);
		upsert(message(4));
		graph.answered([{ node: message(5) }]);
		expect(page([message(6)], early)).toBe(false);
		expect(page([message(6)])).toBe(false);
		expect(held()).toEqual([]);
		rows(range(1, 3), { again: true });
		expect(held()).toHaveLength(3);
	});

	it('lets a channel go that is deleted, and whose first rows are without it', () => {
		rows(range(1, 3));
		graph.changes([{ op: 'delete', entity: 'node', id: 'c', version: 2 }]);
		expect(held()).toEqual([]);
		expect(graph.nodes.has('c')).toBe(false);
		graph.dropped('channel:c');
		graph.wanted('channel:c');
		rows(range(1, 3));
		graph.rows('channel:c', {}, graph.mark(), true);
		expect(held()).toEqual([]);
		upsert(message(4));
		expect(held()).toEqual([]);
	});

	it('lets single ones go by id', () => {
		rows(range(1, 3));
		graph.removed({ scope_ids: [], ids: [{ entity: 'node', id: 'c#2', version: 1 }] });
		upsert(message(2));
		expect(held()).toEqual(['c#1 v1', 'c#3 v1']);
	});

	const page = (nodes: MessageNode[], mark = graph.mark()) => {
		const of = graph.messages.of('c');
		return of ? graph.messages.paged(of, nodes, mark) : false;
	};

	it('takes pages by version, and none that were asked for before a break', () => {
		rows(range(10, 12));
		const mark = graph.mark();
		upsert(message(5, 2));
		expect(page([message(4), message(5)], mark)).toBe(true);
		expect(held()).toContain('c#5 v2');
		graph.resync('channel:c');
		expect(page([message(3)], mark)).toBe(false);
		graph.clear();
		expect(page([message(3)], mark)).toBe(false);
		expect(held()).toEqual([]);
	});

	it('gives up within a page that is all there is what is not on it', () => {
		rows(range(1, 6));
		const of = graph.messages.of('c');
		const mark = graph.mark();
		upsert(message(4, 2));
		if (of) graph.messages.paged(of, [message(3)], mark, { thread_id: null, from: 3, to: 5 });
		expect(held()).toEqual(['c#1 v1', 'c#2 v1', 'c#3 v1', 'c#4 v2', 'c#6 v1']);
	});

	it('is bounded, and holds the newest and what is looked at', () => {
		look(100, 700);
		look(1, 300, 'c#5');
		for (let number = 1; number <= 300; number++) upsert(message(number, 1, 'c#5'));
		for (let number = 1; number <= 10_000; number++) upsert(message(number));
		const of = graph.messages.of('c');
		expect(of?.size).toBeLessThanOrEqual(held_limit_messages);
		const missing = [
			...range(100, 700),
			...range(10_001 - newest_held_messages, 10_000),
			...Array.from({ length: 300 }, (_, index) => message(index + 1, 1, 'c#5'))
		].filter(({ id }) => !of?.byId.has(id));
		expect(missing).toEqual([]);
		expect(of?.last(null)).toBe(10_000);
	});

	it('tells of every message, held or not, once it was taken', () => {
		const heard: string[] = [];
		const end = graph.messages.listen({
			heard: (messages) => {
				expect(messages.every(({ message }) => message.channel_id !== 'c' || graph.messages.of('c')?.at(null, message.number))).toBe(true);
				heard.push(messages.map(({ id }) => id).join());
			}
		});
		upsert(message(1), node('a'), message(1, 1, null, 'other'));
		upsert(message(1, 1));
		rows([message(2)]);
		upsert(node('b'));
		end();
		upsert(message(3));
		expect(heard).toEqual(['c#1,other#1', 'c#1', 'c#2']);
	});

	it('forgets everything when somebody else looks', () => {
		rows(range(1, 3));
		graph.clear();
		expect(held()).toEqual([]);
		expect(graph.messages.of('c')?.last(null)).toBe(0);
		upsert(message(1));
		expect(held()).toEqual(['c#1 v1']);
	});
});
