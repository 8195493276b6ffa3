import { Lexer } from 'marked';
import { describe, expect, it, vi } from 'vitest';
import { render } from 'svelte/server';
import Body from '$lib/graph/Body.svelte';
import Linked from './Linked.svelte';
import { nodeIn, parse, safeHref } from './parse';

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

	it.each(['>', '> ', '- ', '+ ', '1. ', '>- ', '   > '])('shows %j over and over as it is', (marker) => {
		const deep = `first\n\n${marker.repeat(20_000)}`;
		expect(parse(deep)).toEqual([{ type: 'code', text: deep }]);
	});

	it('takes some levels for what they are', () => {
		expect(parse(`${'> '.repeat(10)}end`)[0]?.type).toBe('quote');
		expect(parse('- a\n'.repeat(60))[0]).toMatchObject({ type: 'list', items: { length: 60 } });
	});

	it.each(['*', '[', '_', '![', '`', '('])('takes 60,000 of %j in a row', (mark) => {
		expect(JSON.stringify(parse(`a ${mark.repeat(60_000)}`))).toContain(mark);
	});

	it.each(['*a**b', '_a __b', '[a', '`a``b', '~a~~b'])('shows a paragraph with thousands of %j as it is, and what is around it as it is meant', (marks) => {
		const long = marks.repeat(2_000);
		expect(parse(`**first**\n\n${long}\n\n**last**`)).toEqual([
			paragraph({ type: 'strong', children: [text('first')] }),
			paragraph(text(long)),
			paragraph({ type: 'strong', children: [text('last')] })
		]);
	});

	it('keeps the lines of a long log', () => {
		expect(parse('[INFO] a_b\n'.repeat(600).trim())[0]).toMatchObject({ children: [text('[INFO] a_b'), { type: 'br' }, ...Array(1197).fill({})] });
	});

	it('takes more marks than anybody types in a paragraph for what they are', () => {
		expect(JSON.stringify(parse('**a** '.repeat(400))).split('strong').length - 1).toBe(400);
	});

	it('shows what more spaces part than anybody types as it is', () => {
		const wide = `a${' '.repeat(60_000)}b`;
		expect(parse(wide)).toEqual([{ type: 'code', text: wide }]);
	});

	it('shows what the lexer has no stack for as it is', () => {
		const lexer = vi.spyOn(Lexer.prototype, 'lex').mockImplementation(() => {
			throw new RangeError('Maximum call stack size exceeded');
		});
		expect(parse('text')).toEqual([{ type: 'code', text: 'text' }]);
		lexer.mockRestore();
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

const id = '0198c0de-0000-7000-8000-00000000000a';
const node = (label: string) => ({ type: 'node', id, label });

describe('a link to a node', () => {
	it.each<[string, unknown[]]>([
		[`Ask [Kari](node:${id}).`, [text('Ask '), node('Kari'), text('.')]],
		[`**[Kari](node:${id})**`, [{ type: 'strong', children: [node('Kari')] }]],
		[`[a *b* \`c\`](node:${id.toUpperCase()} "title")`, [node('a b c')]],
		[`[<img src=x onerror=alert(1)>](node:${id})`, [node('<img src=x onerror=alert(1)>')]],
		[`[![x](https://example.org/x.png)](node:${id})`, [node('x')]],
		[`<node:${id}>`, [node(`node:${id}`)]],
		[`![x](node:${id})`, [text('x')]],
		[`\`[x](node:${id})\``, [{ type: 'code', text: `[x](node:${id})` }]],
		[`\\[x](node:${id})`, [text('['), text(`x](node:${id})`)]],
		['[x](node:javascript:alert(1))', [text('x')]],
		[`[x](node:${id}/../../admin)`, [text('x')]],
		[`[x](node:${id}?next=//evil.example)`, [text('x')]],
		[`[x](<node:${id} onclick=alert(1)>)`, [text('x')]],
		[`[x](javascript:node:${id})`, [text('x')]],
		['[x](node:)', [text('x')]]
	])('%j', (markdown, expected) => expect(parse(markdown, { nodes: true })).toEqual([paragraph(...expected)]));

	it('is its words where it was not asked for', () =>
		expect(parse(`[Kari](node:${id})`)).toEqual([paragraph(text('Kari'))]));

	it.each([
		[`node:${id}`, true],
		[` node:${id}`, false],
		[`node:${id}\n`, false],
		[`node:{${id}}`, false],
		[`node:${id.replaceAll('-', '')}`, false],
		['node:0198c0de', false]
	])('%j names one: %s', (href, yes) => expect(nodeIn(href) !== null).toBe(yes));

	it('is no address that a browser would follow', () => expect(safeHref(`node:${id}`)).toBeNull());

	it('shows what its writer called it as the text that it is', () => {
		const typed = `[<b onclick=x()>Kari</b>](node:${id}) <i>and</i> [a](node:x" onmouseover="alert(1))`;
		const body = render(Linked, { props: { text: typed } }).body.replaceAll(/<!--.*?-->/g, '');
		expect(body).toContain('&lt;b onclick=x()>Kari&lt;/b>');
		expect(body).not.toMatch(/<(b|i)[\s>]|href|<[^>]*onmouseover/);
	});
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
