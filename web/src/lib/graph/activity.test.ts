import { describe, expect, it } from 'vitest';
import type { Activity, EdgeKind, NodeKind } from '$lib/api/types';
import { edgeChange } from './activity';

const item = (action: string, edge: EdgeKind, kind: NodeKind): Activity => ({
	id: '1',
	at: '2026-01-01T00:00:00Z',
	actor: null,
	action,
	node: { id: 'a', kind: 'system', title: 'A' },
	summary: { edge, target: { id: 'b', kind, title: 'B' } }
});
const said = (of: Activity) => {
	const change = edgeChange(of);
	return change && `${change.verb} A ${change.with} ${change.target.title}`;
};

describe('edgeChange', () => {
	it.each<[string, EdgeKind, NodeKind, string]>([
		['create_edge', 'depends_on', 'system', 'linked A to B'],
		['delete_edge', 'relates_to', 'system', 'unlinked A from B'],
		['create_edge', 'reader', 'group', 'gave A access to B'],
		['delete_edge', 'owner', 'workspace', 'took from A the access to B'],
		['create_edge', 'member_of', 'team', 'added A to B'],
		['create_edge', 'member_of', 'workspace', 'gave A access to B'],
		['add_contact', 'contact_of', 'system', 'named A as a contact of B'],
		['delete_edge', 'runs_in', 'environment', 'took A out of B']
	])('%s %s to a %s', (action, edge, kind, expected) => expect(said(item(action, edge, kind))).toBe(expected));

	it('is nothing of other actions, nor without the other end', () => {
		expect(edgeChange(item('update_node', 'reader', 'group'))).toBeNull();
		expect(edgeChange({ ...item('create_edge', 'reader', 'group'), summary: { edge: 'reader' } })).toBeNull();
	});
});
