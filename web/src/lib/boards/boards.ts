import type { components } from '$lib/api/schema';
import type { Node } from '$lib/api/types';
import { parse, type Block, type Inline } from '$lib/markdown/parse';
import { byKey, type Standing } from './order';

type Schemas = components['schemas'];
export type ColumnNode = Node & { column: Schemas['ColumnFacet'] };
export type CardNode = Node & { card: Schemas['CardFacet'] };

export function isColumn(node: Node): node is ColumnNode {
	return node.kind === 'column' && node.column !== undefined;
}

export function isCard(node: Node): node is CardNode {
	return node.kind === 'card' && node.card !== undefined;
}

/** A card with its place at hand. */
export interface Placed extends Standing {
	node: CardNode;
}

export function placed(node: CardNode): Placed {
	const { column_id, order_key } = node.card;
	return { id: node.id, version: node.version, column_id, order_key, node };
}

/** Columns from the left. */
export function inOrder(columns: ColumnNode[]): ColumnNode[] {
	const keyed = columns.map((node) => ({ id: node.id, order_key: node.column.order_key, node }));
	return keyed.sort(byKey).map(({ node }) => node);
}

/** Of a card or a note: the nodes that its text names, each once, in order. */
export function namedIn(body: string): { id: string; label: string }[] {
	// Most texts name none, and a board has thousands of them.
	if (!/node:/i.test(body)) return [];
	const named = new Map<string, string>();
	const inlines = (parts: Inline[]): void => {
		for (const part of parts) {
			if (part.type === 'node' && !named.has(part.id)) named.set(part.id, part.label);
			else if ('children' in part) inlines(part.children);
		}
	};
	const blocks = (all: Block[]): void => {
		for (const block of all) {
			if (block.type === 'list') for (const item of block.items) blocks(item.children);
			else if (block.type === 'quote') blocks(block.children);
			else if (block.type === 'table') [block.head, ...block.rows].flat().forEach(inlines);
			else if (block.type === 'paragraph' || block.type === 'heading') inlines(block.children);
		}
	};
	blocks(parse(body, { nodes: true }));
	return [...named].map(([id, label]) => ({ id, label }));
}

/** How many cards each column of a board has, from the left. */
export interface Progress {
	columns: { id: string; title: string; count: number }[];
	count: number;
	/** In the last column, where work ends. */
	done: number;
}

export function progressOf(board_id: string, nodes: Iterable<Node>): Progress {
	const parts = [...nodes].filter((node) => node.parent_id === board_id);
	const counts = new Map<string, number>();
	for (const { card } of parts.filter(isCard)) counts.set(card.column_id, (counts.get(card.column_id) ?? 0) + 1);
	const columns = inOrder(parts.filter(isColumn)).map(({ id, title }) => ({ id, title, count: counts.get(id) ?? 0 }));
	const count = columns.reduce((sum, column) => sum + column.count, 0);
	return { columns, count, done: columns.at(-1)?.count ?? 0 };
}
