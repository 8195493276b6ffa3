import { describe, expect, it } from 'vitest';
import { Chosen, most_chosen } from './chosen.svelte';

describe('what is chosen', () => {
	const shown = ['a', 'b', 'c', 'd', 'e'];

	it('takes a range from the row before, in both directions', () => {
		const chosen = new Chosen();
		chosen.set('d', true, false, shown);
		chosen.set('b', true, true, shown);
		expect([...chosen.ids].sort()).toEqual(['b', 'c', 'd']);
		chosen.set('c', false, true, shown);
		expect([...chosen.ids]).toEqual(['d']);
	});

	it('takes one row where the row before is not shown', () => {
		const chosen = new Chosen();
		chosen.set('z', true, false, shown);
		chosen.set('c', true, true, shown);
		expect([...chosen.ids]).toEqual(['z', 'c']);
	});

	it('has a limit', () => {
		const chosen = new Chosen();
		chosen.setAll(Array.from({ length: most_chosen + 5 }, (_, index) => String(index)), true);
		expect([chosen.ids.size, chosen.full]).toEqual([most_chosen, true]);
		chosen.keep((id) => id === '7');
		expect([...chosen.ids]).toEqual(['7']);
	});
});
