import { describe, expect, it } from 'vitest';
import { dayWord, group_gap_ms, rowsOf, type Row } from './rows';
import { message } from './testing/said';

const noon = new Date(2026, 2, 14, 12, 0).getTime();
const minute_ms = 60_000;

/** Messages as they are listed, in short: days by `-`, the line of what is new by `*`, a message with a head by its number in brackets. */
function listed(rows: Row[]): string {
	return rows
		.map((row) => {
			if (row.type !== 'message') return row.type === 'day' ? '-' : '*';
			const { number } = row.message.message;
			return row.head ? `[${number}]` : `${number}`;
		})
		.join(' ');
}

describe('rows', () => {
	it.each<[string, [author: string | null, minutes: number, deleted?: boolean][], number | null, string]>([
		['none', [], null, ''],
		['one author', [['a', 0], ['a', 1], ['a', 2]], null, '- [1] 2 3'],
		['another in between', [['a', 0], ['b', 1], ['a', 2]], null, '- [1] [2] [3]'],
		['too long a pause', [['a', 0], ['a', 4], ['a', 9], ['a', 13]], null, '- [1] 2 [3] 4'],
		['the server itself', [[null, 0], [null, 1], ['a', 2]], null, '- [1] 2 [3]'],
		['another day', [['a', 0], ['a', 12 * 60]], null, '- [1] - [2]'],
		['a deleted one stands alone', [['a', 0], ['a', 1, true], ['a', 2]], null, '- [1] [2] [3]'],
		['what is new has a head', [['a', 0], ['a', 1], ['a', 2]], 1, '- [1] * [2] 3'],
		['all is new', [['a', 0], ['a', 1]], 0, '- * [1] 2'],
		['all is read', [['a', 0], ['a', 1]], 2, '- [1] 2'],
		['a new day and new', [['a', 0], ['a', 12 * 60]], 1, '- [1] - * [2]']
	])('%s', (_, said, read, expected) => {
		const messages = said.map(([author, minutes, deleted], index) =>
			message({ number: index + 1, author, at: noon + minutes * minute_ms, deleted })
		);
		expect(listed(rowsOf(messages, read))).toBe(expected);
	});

	it('has no line where what was read last is not shown', () => {
		const messages = [message({ number: 40, at: noon }), message({ number: 41, at: noon })];
		expect(listed(rowsOf(messages, 12))).toBe('- [40] 41');
	});

	it('groups within the gap, not at it', () => {
		const pair = (gap: number) => [message({ number: 1, at: noon }), message({ number: 2, at: noon + gap })];
		expect(listed(rowsOf(pair(group_gap_ms - 1), null))).toBe('- [1] 2');
		expect(listed(rowsOf(pair(group_gap_ms), null))).toBe('- [1] [2]');
	});

	it('has keys of its own for each', () => {
		const messages = [0, 1, 24, 48].map((hours, index) => message({ number: index + 1, at: noon + hours * 60 * minute_ms }));
		const keys = rowsOf(messages, 1).map(({ key }) => key);
		expect(new Set(keys).size).toBe(keys.length);
	});
});

describe('the word for a day', () => {
	const words = { today: 'Today', yesterday: 'Yesterday' };
	const at = (...of: [number, number, number, number?]) => new Date(...of).getTime();
	it.each([
		[at(2026, 2, 14, 0), 'Today'],
		[at(2026, 2, 13, 23), 'Yesterday'],
		[at(2026, 2, 12, 23), 'Thursday 12 March'],
		[at(2025, 11, 31), 'Wednesday 31 December 2025']
	])('%i', (day, expected) => expect(dayWord(day, noon, 'en-GB', words).replace(',', '')).toBe(expected));

	it('knows yesterday across a month', () => {
		expect(dayWord(at(2026, 1, 28, 9), at(2026, 2, 1, 9), 'en-GB', words)).toBe('Yesterday');
	});
});
