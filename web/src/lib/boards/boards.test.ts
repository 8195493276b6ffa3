import { describe, expect, it } from 'vitest';
import { nodeOf } from '$lib/live/testing/rows';
import { namedIn, progressOf } from './boards';

const id = (n: number) => `0198c0de-0000-7000-8000-00000000000${n}`;

describe('namedIn', () => {
	it.each<[string, string[]]>([
		['', []],
		['the node: none', []],
		[`See [A](node:${id(1)}) and **[B](node:${id(2)})**, [A again](node:${id(1)})`, ['A', 'B']],
		[`- [ ] [A](node:${id(1)})\n\n> [B](node:${id(2)})`, ['A', 'B']],
		[`a | b\n-|-\n[A](node:${id(1)}) | 2`, ['A']],
		[`\`[A](node:${id(1)})\``, []],
		['[A](node:javascript:x)', []]
	])('%j', (body, labels) => expect(namedIn(body).map(({ label }) => label)).toEqual(labels));
});

describe('progressOf', () => {
	const column = (name: string, order_key: string) => nodeOf('column', name, 1, { title: name, parent_id: 'board', column: { order_key } });
	const card = (name: string, column_id: string, parent_id = 'board') =>
		nodeOf('card', name, 1, { parent_id, card: { column_id, order_key: '80' } });

	it('counts by column, from the left, and what is in the last as done', () => {
		const nodes = [column('done', '9'), column('todo', '8'), card('a', 'todo'), card('b', 'done'), card('c', 'done'), card('d', 'todo', 'another')];
		expect(progressOf('board', nodes)).toEqual({
			columns: [
				{ id: 'todo', title: 'todo', count: 1 },
				{ id: 'done', title: 'done', count: 2 }
			],
			count: 3,
			done: 2
		});
	});

	it('is nothing on a board without columns', () => expect(progressOf('board', [])).toEqual({ columns: [], count: 0, done: 0 }));
});
