import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Finder } from './finder.svelte';
import type { Command, Provider } from './registry';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const command = (title: string): Command => ({ id: title, title, run: () => undefined });
const here: Provider = { id: 'here', title: () => 'Here', find: (q) => [command(`here ${q}`)] };
/** Answers when it is told to, by what it was asked. */
function slow() {
	const answers = new Map<string, () => void>();
	const provider: Provider = {
		id: 'far',
		title: () => 'Far',
		find: (q) => new Promise((answer) => answers.set(q, () => answer([command(`far ${q}`)])))
	};
	const answer = async (q: string) => {
		answers.get(q)?.();
		await vi.advanceTimersByTimeAsync(0);
	};
	return { provider, answer };
}
const titles = (finder: Finder) => finder.found.flatMap(({ commands }) => commands.map(({ title }) => title));

describe('the finder', () => {
	it('shows all answers together, in the order of the providers', async () => {
		const far = slow();
		const finder = new Finder([far.provider, here]);
		finder.ask('a');
		await vi.advanceTimersByTimeAsync(200);
		expect([finder.of, titles(finder)]).toEqual([null, []]);
		await far.answer('a');
		expect([finder.of, titles(finder)]).toEqual(['a', ['far a', 'here a']]);
	});

	it('does not wait for ever', async () => {
		const far = slow();
		const finder = new Finder([far.provider, here]);
		finder.ask('a');
		await vi.advanceTimersByTimeAsync(430);
		expect(titles(finder)).toEqual(['here a']);
		await far.answer('a');
		expect(titles(finder)).toEqual(['far a', 'here a']);
	});

	it('never shows an older question over a newer one', async () => {
		const far = slow();
		const finder = new Finder([far.provider]);
		finder.ask('old');
		await vi.advanceTimersByTimeAsync(140);
		finder.ask('new');
		await vi.advanceTimersByTimeAsync(140);
		await far.answer('new');
		await far.answer('old');
		expect([finder.of, titles(finder)]).toEqual(['new', ['far new']]);
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
		const finder = new Finder([{ ...here, id: 'far', find: () => Promise.reject(new Error('away')) }, here]);
		finder.ask('a');
		await vi.advanceTimersByTimeAsync(121);
		expect([finder.failed, titles(finder)]).toEqual([true, ['here a']]);
	});
});
