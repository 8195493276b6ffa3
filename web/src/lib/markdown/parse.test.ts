import { describe, expect, it } from 'vitest';
import { render } from 'svelte/server';
import Body from '$lib/graph/Body.svelte';
import { parse, safeHref } from './parse';

const text = (words: string) => ({ type: 'text', text: words });
const paragraph = (...children: unknown[]) => ({ type: 'paragraph', children });

describe('parse', () => {
	it.each<[string, unknown[]]>([
		['', []],
		['Ask **Kari**.', [paragraph(text('Ask '), { type: 'strong', children: [text('Kari')] }, text('.'))]],
		['one\ntwo', [paragraph(text('one'), { type: 'br' }, text('two'))]],
		['# Title', [{ type: 'heading', depth: 1, children: [text('Title')] }]],
		['    code', [{ type: 'code', text: 'code' }]],
		['> said', [{ type: 'quote', children: [paragraph(text('said'))] }]],
		['3. three', [{ type: 'list', start: 3, items: [{ done: null, children: [paragraph(text('three'))] }] }]],
		['- [x] done', [{ type: 'list', start: null, items: [{ done: true, children: [paragraph(text('done'))] }] }]],
		['a | b\n-|-\n1 | 2', [{ type: 'table', head: [[text('a')], [text('b')]], rows: [[[text('1')], [text('2')]]] }]],
		['see https://example.org/a', [paragraph(text('see '), { type: 'link', href: 'https://example.org/a', children: [text('https://example.org/a')] })]],
		['![map](https://example.org/m.png)', [paragraph({ type: 'link', href: 'https://example.org/m.png', children: [text('map')] })]],
		['[x](javascript:alert(1))', [paragraph(text('x'))]]
	])('%j', (markdown, expected) => expect(parse(markdown)).toEqual(expected));

	it('bounds how deep it goes, and loses nothing', () => {
		const deep = `${'> '.repeat(200)}end`;
		expect(JSON.stringify(parse(deep))).toContain('end');
		expect(JSON.stringify(parse(deep)).split('quote').length).toBeLessThan(20);
	});
});

describe('safeHref', () => {
	it.each([
		['https://example.org', true],
		['HTTP://example.org', true],
		['mailto:a@example.org', true],
		['/systems/1', true],
		['#here', true],
		['//example.org', false],
		['javascript:alert(1)', false],
		[' java\nscript:alert(1)', false],
		['data:text/html,x', false],
		['vbscript:x', false]
	])('%j', (href, safe) => expect(safeHref(href) !== null).toBe(safe));
});

describe('a description', () => {
	it('shows HTML as the text that it is', () => {
		const typed = '<img src=x onerror=alert(1)>\n\nand <b onclick="x()">this</b> [a](<javascript:x>) `<i>`';
		// Svelte marks its blocks with comments.
		const body = render(Body, { props: { text: typed } }).body.replaceAll(/<!--.*?-->/g, '');
		expect(body).toContain('&lt;img src=x onerror=alert(1)>');
		expect(body).toContain('&lt;b onclick="x()">this&lt;/b>');
		expect(body).not.toMatch(/<(img|b|i)[\s>]|href/);
	});
});
