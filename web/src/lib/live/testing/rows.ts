import type { Edge, Node } from '$lib/api/types';

// Rows for tests: short names for ids, and only what the test is about said.

const at = '2026-01-01T00:00:00Z';

export function node(id: string, version = 1, more: Partial<Node> = {}): Node {
	return {
		id,
		kind: 'system',
		title: `${id} v${version}`,
		body: '',
		attrs: {},
		position: 0,
		scope_id: 'scope',
		parent_id: 'place',
		version,
		created_by: null,
		created_at: at,
		updated_at: at,
		...more
	};
}

export function nodeOf(kind: Node['kind'], id: string, version = 1, more: Partial<Node> = {}): Node {
	return node(id, version, { kind, ...more });
}

export function edge(source_id: string, target_id: string, version = 1, more: Partial<Edge> = {}): Edge {
	return {
		id: `${source_id}>${target_id}`,
		kind: 'depends_on',
		source_id,
		target_id,
		attrs: {},
		source_scope_id: 'scope',
		target_scope_id: 'scope',
		version,
		created_by: null,
		created_at: at,
		updated_at: at,
		...more
	};
}
