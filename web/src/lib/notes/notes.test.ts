import { describe, expect, it } from 'vitest';
import { kept_max, KeptTexts, type Kept } from './kept';
import { diffLines, folded, like_pairs_max, linesOf } from './lines';
import { linesChosen, merge } from './merge';
import { Merging } from './merging.svelte';

const text = (...lines: string[]) => lines.join('\n');

describe('diffLines', () => {
	const said = (before: string, after: string) =>
		diffLines(before, after).map(({ how, text }) => ({ same: ' ', gone: '-', new: '+' })[how] + text).join('|');

	it.each([
		['a\nb', 'a\nb', ' a| b'],
		['a\nb', 'a\nc', ' a|-b|+c'],
		['', 'a', '-|+a'],
		['a\nb\nc', 'a\nc', ' a|-b| c'],
		['a\r\nb', 'a\nb', ' a| b'],
		['constructor\n__proto__', '__proto__', '-constructor| __proto__']
	])('%j to %j', (before, after, expected) => expect(said(before, after)).toBe(expected));

	it('tells texts of thousands of like lines apart as a whole, at once', () => {
		const many = (end: string) => '\n'.repeat(Math.ceil(Math.sqrt(like_pairs_max)) + 10) + end;
		const lines = diffLines(many('a'), many('b'));
		expect(lines.filter(({ how }) => how === 'same')).toEqual([]);
		expect(lines.length).toBe(2 * linesOf(many('a')).length);
	});

	it('folds what is far from any change', () => {
		const lines = diffLines(text('1', '2', '3', '4', 'x'), text('1', '2', '3', '4', 'y'));
		expect(folded(lines, 1).map((piece) => (piece.how === 'skipped' ? piece.count : piece.text))).toEqual([3, '4', 'x', 'y']);
		expect(folded(diffLines('a', 'a'), 1)).toEqual([{ how: 'skipped', count: 1 }]);
	});
});

describe('merge', () => {
	const base = text('one', 'two', 'three', 'four', 'five');
	const chosen = (mine: string, theirs: string, choice: 'mine' | 'theirs' | 'both' = 'both') =>
		merge(base, mine, theirs).flatMap((part) => linesChosen(part, choice));
	const conflicts = (mine: string, theirs: string) => merge(base, mine, theirs).filter(({ kind }) => kind === 'conflict').length;

	it('takes what each changed elsewhere', () => {
		const mine = text('ONE', 'two', 'three', 'four', 'five');
		const theirs = text('one', 'two', 'three', 'four', 'five', 'six');
		expect(chosen(mine, theirs)).toEqual(['ONE', 'two', 'three', 'four', 'five', 'six']);
		expect(conflicts(mine, theirs)).toBe(0);
	});

	it('takes once what both changed alike', () => expect(chosen(base.replace('two', '2'), base.replace('two', '2'))).toEqual(linesOf(base.replace('two', '2'))));

	it('leaves to choose what both changed', () => {
		const [mine, theirs] = [base.replace('three', 'MINE'), base.replace('three', 'THEIRS')];
		expect(conflicts(mine, theirs)).toBe(1);
		expect(chosen(mine, theirs, 'mine')).toEqual(linesOf(mine));
		expect(chosen(mine, theirs, 'theirs')).toEqual(linesOf(theirs));
		expect(chosen(mine, theirs, 'both')).toEqual(['one', 'two', 'MINE', 'THEIRS', 'four', 'five']);
	});

	it('leaves to choose what one changed and the other took away', () => expect(conflicts(base.replace('three', 'x'), base.replace('three\n', ''))).toBe(1));

	it('loses no line of either, whatever they did', () => {
		let state = 3;
		const random = (below: number) => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) % below;
		const changed = (lines: string[], who: string) => {
			const next = [...lines];
			for (let n = 0; n < 1 + random(4); n++) next.splice(random(next.length + 1), random(3), `${who}${n}`);
			return next;
		};
		for (let run = 0; run < 2_000; run++) {
			const from = Array.from({ length: random(12) }, () => `line ${random(4)}`);
			const [mine, theirs] = [changed(from, 'mine'), changed(from, 'theirs')];
			const parts = merge(from.join('\n'), mine.join('\n'), theirs.join('\n'));
			const both = parts.flatMap((part) => linesChosen(part, 'both'));
			for (const line of [...mine, ...theirs]) if (!from.includes(line)) expect(both, `run ${run}`).toContain(line);
			// Whoever alone changed something gets theirs, with nothing to choose.
			const alone = merge(from.join('\n'), mine.join('\n'), from.join('\n'));
			expect(alone.every(({ kind }) => kind === 'settled')).toBe(true);
			expect(alone.flatMap((part) => linesChosen(part, 'both')).join('\n')).toBe(mine.join('\n'));
		}
	});
});

describe('Merging', () => {
	const value = (title: string, body: string) => ({ title, body });

	it('is done when all is chosen', () => {
		const merging = new Merging(value('T', 'a\nb'), value('Mine', 'a\nm'), value('Theirs', 'a\nt'), 7);
		expect([merging.conflicts, merging.open]).toEqual([2, 2]);
		merging.titleChoice = 'theirs';
		merging.choices[0] = 'both';
		expect(merging.open).toBe(0);
		expect(merging.values).toEqual(value('Theirs', 'a\nm\nt'));
	});

	it('has nothing to choose where each changed something else', () => {
		const merging = new Merging(value('T', 'a\n\nb'), value('Mine', 'a\n\nb'), value('T', 'a\n\nt'), 7);
		expect([merging.conflicts, merging.open, merging.values]).toEqual([0, 0, value('Mine', 'a\n\nt')]);
	});
});

describe('KeptTexts', () => {
	function rig() {
		const held = new Map<string, string>();
		const storage = {
			getItem: (key: string) => held.get(key) ?? null,
			setItem: (key: string, value: string) => void held.set(key, value),
			removeItem: (key: string) => void held.delete(key),
			key: (at: number) => [...held.keys()][at] ?? null,
			get length() {
				return held.size;
			}
		};
		let now_ms = 0;
		return { held, texts: new KeptTexts(() => storage, () => ++now_ms) };
	}
	const kept = (body: string): Kept => ({ version: 3, base: { title: 't', body: '' }, values: { title: 't', body } });

	it('has again what was kept, until it is given up', () => {
		const { texts } = rig();
		texts.set('me.a', kept('typed'));
		expect(texts.get('me.a')).toMatchObject(kept('typed'));
		expect(texts.get('you.a')).toBeNull();
		texts.set('me.a', null);
		expect(texts.get('me.a')).toBeNull();
	});

	it('is bounded: what was typed at longest ago goes', () => {
		const { texts, held } = rig();
		held.set('other', 'stays');
		for (let n = 0; n < kept_max; n++) texts.set(`n${n}`, kept('x'));
		texts.set('n0', kept('again'));
		texts.set('more', kept('x'));
		expect(held.size).toBe(kept_max + 1);
		expect([texts.get('n0') !== null, texts.get('n1'), held.get('other')]).toEqual([true, null, 'stays']);
	});

	it.each(['', '{', 'null', '{"version":1}', '[]'])('takes %j for nothing', (stored) => {
		const { texts, held } = rig();
		held.set('synops.note.a', stored);
		expect(texts.get('a')).toBeNull();
	});

	it('goes without a storage', () => {
		const texts = new KeptTexts(() => {
			throw new Error('blocked');
		});
		texts.set('a', kept('x'));
		expect(texts.get('a')).toBeNull();
	});
});
