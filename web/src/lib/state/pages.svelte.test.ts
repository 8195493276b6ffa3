import { flushSync } from 'svelte';
import { describe, expect, it } from 'vitest';
import { Pages } from './pages.svelte';

describe('a list in pages that an effect has read', () => {
	it.each(['run', 'grow'] as const)('asks once: %s', async (act) => {
		let reads = 0;
		const pages = new Pages(async () => {
			reads++;
			return { items: [reads], next_cursor: null };
		});
		const end = $effect.root(() => {
			$effect(() => void pages[act]());
		});
		for (let turn = 0; turn < 20; turn++) {
			flushSync();
			await Promise.resolve();
		}
		end();
		expect([reads, pages.items]).toEqual([1, [1]]);
	});
});
