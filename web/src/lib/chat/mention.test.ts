import { describe, expect, it } from 'vitest';
import { parse } from '$lib/markdown/parse';
import { askedAt, labelOf, spoken, withNode } from './mention';
import { suggestionsOf, type Suggestion } from './mention-finder.svelte';
import { Mentioning } from './mentioning.svelte';

const id = '0198c0de-0000-7000-8000-00000000000a';

describe('what an @ asks for', () => {
	// The caret is where `|` stands.
	it.each<[string, string | null]>([
		['@|', ''],
		['@ka|', 'ka'],
		['Ask @ka|', 'ka'],
		['Ask @ka| now', 'ka'],
		['(@ka|', 'ka'],
		['line\n@ka|', 'ka'],
		['@Kari Nord|', 'Kari Nord'],
		['@a b c|', 'a b c'],
		['@a b c d|', null],
		['@ ka|', null],
		['mail a@b|', null],
		['@ka\nand|', null],
		[`[Kari](node:${id}) and|`, null],
		['@[x|', null],
		[`@${'x'.repeat(41)}|`, null],
		['no|', null],
		['|@ka', null]
	])('%j: %j', (typed, expected) => {
		const caret = typed.indexOf('|');
		expect(askedAt(typed.replace('|', ''), caret)?.q ?? null).toBe(expected);
	});
});

describe('a node put in', () => {
	const put = (typed: string, title = 'Kari') => {
		const caret = typed.indexOf('|');
		const text = typed.replace('|', '');
		const asked = askedAt(text, caret);
		if (!asked) throw new Error('nothing asked for');
		const done = withNode(text, asked, { id, title });
		return `${done.text.slice(0, done.caret)}|${done.text.slice(done.caret)}`;
	};
	it('takes the place of what was asked for, with a space behind it', () => {
		expect(put('Ask @ka|')).toBe(`Ask [Kari](node:${id}) |`);
		expect(put('Ask @ka| now')).toBe(`Ask [Kari](node:${id}) |now`);
		expect(put('Ask @ka|now')).toBe(`Ask [Kari](node:${id}) |now`);
	});

	it.each(['db[1] `x`', 'C:\\x', '](node:x)', '**bold**', 'a\nb', '<b>', 'snake_case_name', ''])('is one node, whatever it is called: %j', (title) => {
		const [block] = parse(put('@x|', title).replace('|', ''), { nodes: true });
		const parts = block?.type === 'paragraph' ? block.children : [];
		expect(parts.filter(({ type }) => type === 'node')).toMatchObject([{ id }]);
	});

	it('has a label without what would end it', () => expect(labelOf(' a[b]`c`\\d\n e ')).toBe('a(b)’c’/d e'));
});

describe('mentioning', () => {
	const found: Suggestion[] = [
		{ id: '0', title: 'Kasse', kind: 'channel', hint: null },
		{ id: '1', title: 'Till', kind: 'system', hint: null },
		{ id: '2', title: 'a message', kind: 'message', hint: null },
		{ id: '3', title: 'Kari', kind: 'person', hint: null },
		{ id: '4', title: 'Synops', kind: 'instance', hint: null },
		{ id: '5', title: 'Drift', kind: 'team', hint: null }
	];

	it('offers people and teams first, then what has a state, and nothing without a name', () =>
		expect(suggestionsOf(found).map(({ title }) => title)).toEqual(['Kari', 'Drift', 'Till', 'Kasse']));

	it('offers a bounded number', () => {
		const many = Array.from({ length: 50 }, (_, n): Suggestion => ({ id: `${n}`, title: 'x', kind: 'system', hint: null }));
		expect(suggestionsOf(many).length).toBe(8);
	});

	it('leaves an @ that was left alone, until another is typed', () => {
		const mentioning = new Mentioning();
		mentioning.look('@ka', 3);
		mentioning.leave();
		mentioning.look('@kar', 4);
		expect(mentioning.asked).toBeNull();
		mentioning.look('@kar @', 6);
		expect(mentioning.asked).toEqual({ at: 5, q: '' });
	});

	it('goes around with the keys', () => {
		const mentioning = new Mentioning();
		mentioning.look('@', 1);
		mentioning.finder.found = suggestionsOf(found);
		mentioning.move(-1);
		expect(mentioning.active?.title).toBe('Kasse');
		mentioning.move(1);
		expect(mentioning.choose('@', mentioning.active)).toEqual({ text: '[Kari](node:3) ', caret: 15 });
		expect(mentioning.open).toBe(false);
	});
});

describe('spoken', () => {
	it.each([
		[`Ask [Kari](node:${id}) about\n[Checkout](node:${id}).`, 'Ask Kari about Checkout.'],
		['[x](https://example.org) is **slow**', 'x is slow'],
		['# Now\n\n- one\n- two\n\n> `three`\n\n| a | b |\n|-|-|\n| c | d |', 'Now one two three a b c d'],
		['x'.repeat(300), `${'x'.repeat(200)}…`]
	])('%j', (body, expected) => expect(spoken(body)).toBe(expected));
});
