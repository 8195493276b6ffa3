import { describe, expect, it } from 'vitest';
import { Queue, queue_limit, type Kept } from './queue';
import { TestStorage } from './testing/rig';

const kept = (id: string): Kept => ({
	id,
	channel_id: 'c',
	thread_id: null,
	body: id,
	files: [],
	at: 0,
	tried: false,
	refused: null
});

describe('Queue', () => {
	it('keeps by person, within its bounds', () => {
		const queue = new Queue(new TestStorage());
		expect(queue.keep('kari', [kept('a')])).toBe(true);
		expect(queue.of('kari')).toEqual([kept('a')]);
		expect(queue.of('ola')).toEqual([]);
		const many = Array.from({ length: queue_limit + 1 }, (_, n) => kept(`m${n}`));
		expect(queue.keep('kari', many)).toBe(false);
		expect(queue.of('kari')).toEqual([kept('a')]);
	});

	it.each(['no json', '{}', 'null', '[null, 1, {}, {"id": 1}]'])('takes %s for nothing', (text) => {
		const storage = new TestStorage();
		storage.setItem('synops-outbox:kari', text);
		expect(new Queue(storage).of('kari')).toEqual([]);
	});

	it('keeps for the page’s life where the browser keeps nothing', () => {
		const queue = new Queue(null);
		queue.claim('kari');
		expect(queue.isOf('ola')).toBe(true);
		expect(queue.keep('kari', [kept('a')])).toBe(true);
		expect(queue.of('kari')).toEqual([kept('a')]);
	});

	it('knows who signed in last', () => {
		const storage = new TestStorage();
		new Queue(storage).claim('kari');
		new Queue(storage).claim('ola');
		expect(new Queue(storage).isOf('kari')).toBe(false);
	});
});
