import { describe, expect, it } from 'vitest';
import { Drafts, drafts_max, drafts_max_chars } from './drafts';

function storage(kept: string | null = null) {
	const held = { value: kept };
	return { held, getItem: () => held.value, setItem: (_: string, value: string) => void (held.value = value) };
}

describe('drafts', () => {
	it('last as long as the tab, each by its key', () => {
		const kept = storage();
		const drafts = new Drafts(() => kept);
		drafts.set('a', 'one');
		drafts.set('b', 'two');
		drafts.set('a', 'three');
		drafts.set('b', '  ');
		expect(drafts.get('b')).toBe('');
		const after = new Drafts(() => kept);
		expect([after.get('a'), after.get('b')]).toEqual(['three', '']);
	});

	it('are bounded: the oldest go first', () => {
		const drafts = new Drafts(() => storage());
		for (let n = 0; n <= drafts_max; n++) drafts.set(`${n}`, 'x');
		expect([drafts.get('0'), drafts.get('1'), drafts.get(`${drafts_max}`)]).toEqual(['', 'x', 'x']);
		drafts.set('long', 'x'.repeat(drafts_max_chars));
		expect([drafts.get(`${drafts_max}`), drafts.get('long').length]).toEqual(['', drafts_max_chars]);
	});

	it.each(['{', '{"a":1}', '[["a"]]', '[1]', '[["a",1]]'])('make nothing of %j', (kept) =>
		expect(new Drafts(() => storage(kept)).get('a')).toBe('')
	);

	it('work where storage is blocked', () => {
		const drafts = new Drafts(() => {
			throw new Error('blocked');
		});
		drafts.set('a', 'one');
		expect(drafts.get('a')).toBe('one');
	});
});
