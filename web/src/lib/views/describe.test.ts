import { expect, it } from 'vitest';
import { everything, type SystemFilter } from '$lib/catalog/filter';
import { i18n } from '$lib/i18n/index.svelte';
import { nodeOf } from '$lib/live/testing/rows';
import { describe } from './describe';

const nodes = new Map([['g', nodeOf('group', 'g', 1, { title: 'Field' })]]);

it.each<[Partial<SystemFilter>, string]>([
	[{}, 'All systems'],
	[{ order: 'worst_first' }, 'All systems'],
	[{ systems: ['a', 'b'] }, '2 picked systems'],
	[{ systems: ['a'], states: ['down'] }, 'Down, and 1 picked system'],
	[{ states: ['down', 'degraded'], groups: ['g'] }, 'Down, Degraded · in Field'],
	[{ groups: ['g', 'x', 'y'] }, 'in Field, something you may not see'],
	[{ text: 'db', environments: ['e'] }, 'running in something you may not see · with “db” in the title']
])('%j', (filter, expected) => {
	i18n.set('en');
	expect(describe({ ...everything, ...filter }, nodes)).toBe(expected);
});
