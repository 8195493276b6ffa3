import { describe, expect, it } from 'vitest';
import { NewLine } from './new-line.svelte';

function opened(read: number, last: number): NewLine {
	const line = new NewLine();
	line.open(read, last);
	return line;
}

describe('the line above what is new', () => {
	it('stands where one had read to, and stays while one reads', () => {
		const line = opened(3, 9);
		expect(line.after).toBe(3);
		line.come(9, true);
		line.come(10, true);
		expect(line.after).toBe(3);
	});

	it('is gone once all is read and one looks away', () => {
		const line = opened(3, 9);
		line.settle(9);
		expect(line.after, 'not read yet').toBe(3);
		line.come(9, true);
		line.settle(9);
		expect(line.after).toBeNull();
	});

	it('does not come above what one sees come', () => {
		const line = opened(9, 9);
		line.come(10, true);
		expect(line.after).toBeNull();
	});

	it('comes above the first that one does not see', () => {
		const line = opened(9, 9);
		line.come(10, true);
		line.come(11, false);
		line.come(12, false);
		expect(line.after).toBe(10);
	});

	it('goes with what one writes', () => {
		const line = opened(3, 9);
		line.wrote();
		expect(line.after).toBeNull();
	});

	it('is not there before the channel is open', () => {
		const line = new NewLine();
		line.come(5, false);
		line.settle(5);
		expect(line.after).toBeNull();
	});
});
