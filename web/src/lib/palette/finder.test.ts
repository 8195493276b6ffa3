import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Finder } from './finder.svelte';
import type { Command, Provider } from './registry';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const command = (title: string): Command => ({ id: title, title, run: () => undefined });
const here: Provider = { id: 'here', title: () => 'Here', find: (q) => [command(`here ${q}`)] };
/** Answers after so many ms. */
const far = (delay_ms: (q: string) => number): Provider => ({
	id: 'far',
	title: () => 'Far',
	find: (q) => new Promise((answer) => setTimeout(() => answer([command(`far ${q}`)]), delay_ms(q)))
});
const titles = (finder: Finder) => finder.found.flatMap(({ commands }) => commands.map(({ title }) => title));

describe('the finder', () => {
	it('shows all answers together, in the order of the providers', async () => {
		const finder = new Finder([far(() => 200), here]);
		finder.ask('a');
		await vi.advanceTimersByTimeAsync(319);
		expect([finder.of, titles(finder)]).toEqual([null, []]);
		await vi.advanceTimersByTimeAsync(2);
		expect([finder.of, titles(finder)]).toEqual(['a', ['far a', 'here a']]);
	});

	it('does not wait for ever', async () => {
		const finder = new Finder([far(() => 2_000), here]);
		finder.ask('a');
		await vi.advanceTimersByTimeAsync(421);
		expect(titles(finder)).toEqual(['here a']);
		await vi.advanceTimersByTimeAsync(2_000);
		expect(titles(finder)).toEqual(['far a', 'here a']);
	});

	it('never shows an older question over a newer one', async () => {
		const finder = new Finder([far((q) => (q === 'slow' ? 1_000 : 10))]);
		finder.ask('slow');
		await vi.advanceTimersByTimeAsync(140);
		finder.ask('quick');
		await vi.advanceTimersByTimeAsync(5_000);
		expect([finder.of, titles(finder)]).toEqual(['quick', ['far quick']]);
	});

	it('asks once when keys come quickly', async () => {
		const find = vi.fn(() => []);
		const finder = new Finder([{ ...here, find }]);
		finder.ask('');
		await vi.advanceTimersByTimeAsync(1);
		find.mockClear();
		for (const q of ['c', 'ch', 'che']) {
			finder.ask(q);
			await vi.advanceTimersByTimeAsync(50);
		}
		await vi.advanceTimersByTimeAsync(200);
		expect(find.mock.calls).toEqual([['che', expect.anything()]]);
	});

	it('shows what the others found when one fails', async () => {
		const finder = new Finder([{ ...far(() => 0), find: () => Promise.reject(new Error('away')) }, here]);
		finder.ask('a');
		await vi.advanceTimersByTimeAsync(121);
		expect([finder.failed, titles(finder)]).toEqual([true, ['here a']]);
	});
});
