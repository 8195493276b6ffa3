import { describe, expect, it } from 'vitest';
import { page_limit, Pages, type PageQuery } from './pages.svelte';

/** A list of numbers as the server pages it; the cursor is where to go on. */
function listOf(length: number) {
	const asked: PageQuery[] = [];
	const all = Array.from({ length }, (_, index) => index);
	const read = async (query: PageQuery) => {
		asked.push(query);
		const from = Number(query.cursor ?? 0);
		const items = all.slice(from, from + query.limit);
		const end = from + items.length;
		return { items, next_cursor: end < all.length ? String(end) : null };
	};
	return { all, asked, read };
}

describe('a list in pages', () => {
	it('grows page by page, and says when there is no more', async () => {
		const pages = new Pages(listOf(25).read, 10);
		await pages.run();
		expect([pages.items?.length, pages.more]).toEqual([10, true]);
		await pages.grow();
		expect([pages.items?.length, pages.more]).toEqual([20, true]);
		await pages.grow();
		expect([pages.items?.length, pages.more]).toEqual([25, false]);
	});

	it('stays as long as it was when it is read anew, with what came on top', async () => {
		const { all, read } = listOf(30);
		const pages = new Pages(read, 10);
		await pages.run();
		await pages.grow();
		all.unshift(-1);
		await pages.run();
		expect(pages.items?.length).toBe(20);
		expect(pages.items?.[0]).toBe(-1);
	});

	it('never asks for more at once than the server gives', async () => {
		const { asked, read } = listOf(450);
		const pages = new Pages(read, 150);
		for (let page = 0; page < 3; page++) await pages.grow();
		expect(pages.items).toHaveLength(450);
		expect(Math.max(...asked.map(({ limit }) => limit))).toBe(page_limit);
	});

	it('begins anew for another list', async () => {
		const pages = new Pages(listOf(30).read, 10);
		await pages.run();
		await pages.grow();
		await pages.restart();
		expect(pages.items).toHaveLength(10);
	});

	it('takes the answer to the last question alone, and keeps what it had when one fails', async () => {
		const answers: ((items: number[]) => void)[] = [];
		let fails = false;
		const pages = new Pages(() =>
			fails
				? Promise.reject(new Error('away'))
				: new Promise<{ items: number[]; next_cursor: null }>((done) =>
						answers.push((items) => done({ items, next_cursor: null }))
					)
		);
		const first = pages.run();
		const second = pages.run();
		answers[1]?.([2]);
		answers[0]?.([1]);
		await Promise.all([first, second]);
		expect(pages.items).toEqual([2]);
		fails = true;
		await pages.run();
		expect([pages.items, pages.error?.code, pages.busy]).toEqual([[2], 'network', false]);
	});
});
