import { expect, it } from 'vitest';
import { nodeOf } from '$lib/live/testing/rows';
import { readView, writeView } from './view-values';

const view = { states: ['down' as const], group_ids: ['g', 'h'], environment_ids: [], system_ids: ['s'], text: null, order: 'worst_first' as const };
const values = readView(nodeOf('view', 'v', 1, { title: 'Trouble', view }));

it('a view is read flat', () => {
	expect(values).toMatchObject({ title: 'Trouble', text: '', states: 'down', groups: 'g,h', environments: '', systems: 's', order: 'worst_first' });
});

it('what is written names the whole selection, or none of it', () => {
	expect(writeView({ title: ' T ' }, values)).toEqual({ type: 'update_view', title: 'T' });
	expect(writeView({ text: 'db' }, { ...values, text: 'db' })).toEqual({ type: 'update_view', view: { ...view, text: 'db' } });
	expect(writeView({ states: '' }, { ...values, states: '' })).toEqual({ type: 'update_view', view: { ...view, states: [] } });
});
