import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '$lib/api/problem';
import { Marks, marks_again_ms, marks_limit } from './marks.svelte';
import type { ChannelMark } from './types';

const mark = (channel_id: string, read_number = 0): ChannelMark => ({ channel_id, last_number: 50, last_at: null, read_number, muted: false });

describe('Marks', () => {
	/** What the server lists; null: it is away. */
	let listed: ChannelMark[] | null;
	let lists: number;
	let answer: Promise<void>;
	let marks: Marks;

	beforeEach(() => {
		vi.useFakeTimers();
		[listed, lists, answer] = [[], 0, Promise.resolve()];
		const listMarks = async () => {
			lists++;
			if (!listed) throw new ApiError('network', 0, null);
			return { items: listed };
		};
		const setMark = async (id: string, { read_number = 0 }) => {
			await answer;
			return mark(id, read_number);
		};
		marks = new Marks({ calls: { listMarks, setMark }, tells: true });
		marks.become('kari');
	});
	afterEach(() => vi.useRealTimers());

	const passes = (ms: number) => vi.advanceTimersByTimeAsync(ms);

	it('has an answer once the list is here, or was refused', async () => {
		expect(marks.answered).toBe(false);
		await marks.load();
		expect(marks.answered).toBe(true);
		marks.become('ola');
		expect(marks.answered).toBe(false);
		listed = null;
		await marks.load();
		expect(marks.answered).toBe(true);
	});

	it('asks again after a while for a list that was refused, until it is here', async () => {
		listed = null;
		await marks.load();
		await passes(marks_again_ms - 1);
		expect(lists).toBe(1);
		await passes(1);
		expect(lists).toBe(2);
		listed = [mark('c')];
		await passes(marks_again_ms);
		expect([...marks.known.keys()]).toEqual(['c']);
		await passes(marks_again_ms * 3);
		expect(lists).toBe(3);
	});

	it('asks for nobody’s list again who does not look any more', async () => {
		listed = null;
		await marks.load();
		marks.become('ola');
		await passes(marks_again_ms * 2);
		expect(lists).toBe(1);
	});

	it('learns the mark of a channel that no list had from what it tells of it', async () => {
		await marks.load();
		marks.read('far', 30);
		await passes(0);
		expect(marks.known.get('far')).toEqual(mark('far', 30));
	});

	it('learns nothing of a channel that is gone meanwhile', async () => {
		let release = () => undefined as void;
		answer = new Promise((resolve) => (release = resolve));
		await marks.load();
		marks.read('far', 30);
		marks.gone(new Set(['far']));
		release();
		await passes(0);
		expect(marks.known.has('far')).toBe(false);
	});

	it('forgets what a list does not have, unless it is as long as it can be', async () => {
		marks.read('far', 30);
		await passes(0);
		listed = Array.from({ length: marks_limit }, (_, n) => mark(`c${n}`));
		await marks.load();
		expect(marks.known.has('far')).toBe(true);
		listed = listed.slice(1);
		await marks.load();
		expect([marks.known.has('far'), marks.known.has('c0'), marks.known.size]).toEqual([false, false, marks_limit - 1]);
	});
});
