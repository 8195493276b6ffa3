import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'svelte/compiler';
import { describe, expect, it } from 'vitest';
import { en } from './en';
import { nb } from './nb';

/** Every message with its path, and how many parameters it takes. */
function messages(of: object, path = ''): [string, unknown][] {
	return Object.entries(of).flatMap(([key, value]): [string, unknown][] =>
		typeof value === 'object' ? messages(value, `${path}${key}.`) : [[path + key, value]]
	);
}

const shape = (of: object) =>
	messages(of).map(([path, value]) => `${path} ${typeof value === 'function' ? value.length : 'text'}`);

describe('messages', () => {
	it('are the same in both languages, with as many parameters', () => {
		// A language may leave a parameter out, so only names are compared for functions.
		const names = (of: object) => shape(of).map((line) => line.split(' ')[0]);
		expect(names(nb)).toEqual(names(en));
	});

	it.each([
		['en', en],
		['nb', nb]
	])('are never empty in %s', (_, of) => {
		for (const [path, value] of messages(of)) {
			const text = typeof value === 'function' ? (value as (...args: unknown[]) => string)(2, 'x') : value;
			expect(text, path).toMatch(/\S/);
		}
	});
});

describe('components', () => {
	const root = 'src';
	const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.svelte'));

	it('are found', () => expect(files.length).toBeGreaterThan(40));

	it.each(files)('%s holds no text of its own, and is small', (file) => {
		const source = readFileSync(join(root, file), 'utf8');
		expect(source.split('\n').length).toBeLessThanOrEqual(400);
		expect(textsIn(parse(source, { modern: true }).fragment)).toEqual([]);
	});
});

const spoken = new Set(['aria-label', 'title', 'placeholder', 'alt', 'label', 'aria-description']);
type Part = { type: string; name?: string; data?: string; value?: unknown; [key: string]: unknown };

/** Words between tags or in attributes that are read out or shown. */
function textsIn(part: unknown, inSpoken = false): string[] {
	if (Array.isArray(part)) return part.flatMap((one) => textsIn(one, inSpoken));
	if (typeof part !== 'object' || part === null) return [];
	const { type, name, data } = part as Part;
	if (type === 'Text') return /\p{L}{2,}/u.test(data ?? '') ? [data ?? ''] : [];
	if (type === 'Attribute') {
		const value = (part as Part).value;
		return spoken.has(name ?? '') ? textsIn(value, true) : [];
	}
	if (type === 'StyleDirective' || type === 'Comment') return [];
	if (!inSpoken && type === 'ExpressionTag') return [];
	if (type === 'Literal' && inSpoken) return [];
	return Object.values(part).flatMap((value) => textsIn(value, inSpoken));
}
