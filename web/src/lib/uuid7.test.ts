import { describe, expect, it } from 'vitest';
import { uuid7 } from './uuid7';

describe('uuid7', () => {
	it('is of its version, and sorts by time', () => {
		const ids = [1, 1_000, 1_767_268_800_000, 2 ** 47].map((at) => uuid7(at));
		for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
		expect([...ids].sort()).toEqual(ids);
		expect(ids[2]?.slice(0, 13).replace('-', '')).toBe((1_767_268_800_000).toString(16).padStart(12, '0'));
		expect(new Set(Array.from({ length: 1_000 }, () => uuid7(1))).size).toBe(1_000);
	});

	it('is all that the page needs where it comes by plain HTTP', () => {
		const sources = import.meta.glob(['/src/**/*.ts', '/src/**/*.svelte'], { query: '?raw', import: 'default', eager: true });
		const missing = ['random', 'UUID'].join('');
		const users = Object.entries(sources).filter(([, text]) => String(text).includes(missing));
		expect(users.map(([path]) => path)).toEqual([]);
	});
});
