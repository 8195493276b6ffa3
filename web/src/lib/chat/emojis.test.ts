import { describe, expect, it } from 'vitest';
import { en } from '$lib/i18n/en';
import { emojiIn, frequent, quick } from './emojis';

describe('the emojis that are offered', () => {
	it('are each one emoji, once, with a name', () => {
		expect(new Set(frequent.map(({ emoji }) => emoji)).size).toBe(frequent.length);
		for (const { emoji, name } of frequent) {
			expect(emojiIn(emoji), name).toBe(emoji);
			expect(en.emoji[name]).toMatch(/\S/);
		}
		expect(Object.keys(en.emoji).length).toBe(frequent.length);
	});

	it('have few for one press', () => expect(quick.length).toBeLessThan(5));
});

describe('emojiIn', () => {
	it.each<[string, boolean]>([
		['👍', true],
		[' 👍 ', true],
		['👍🏽', true],
		['❤️', true],
		['👩‍🚒', true],
		['🇳🇴', true],
		['1️⃣', true],
		['👍👍', false],
		['👍 x', false],
		['x', false],
		['1', false],
		[':+1:', false],
		['<b>', false],
		['', false]
	])('%j: %s', (text, one) => expect(emojiIn(text)).toBe(one ? text.trim() : null));
});
