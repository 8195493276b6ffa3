import { expect, it } from 'vitest';
import { fromText, moved, toText } from './web-links';

it('links survive being text', () => {
	const links = [
		{ title: 'Runbook', url: 'https://wiki.example/a b' },
		{ title: 'Code: the rest', url: 'https://git.example' }
	];
	expect(fromText(toText(links))).toEqual(links);
	expect(fromText(toText([]))).toEqual([]);
});

it.each([
	[0, 1, 'bac'],
	[2, -1, 'acb'],
	[0, -1, 'abc'],
	[2, 1, 'abc'],
	[0, 2, 'bca']
])('moving %i by %i makes %s', (index, step, expected) => expect(moved([...'abc'], index, step).join('')).toBe(expected));
