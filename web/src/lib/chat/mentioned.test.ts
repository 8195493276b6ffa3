import { beforeEach, describe, expect, it, vi } from 'vitest';
import { listNotifications } from '$lib/api/messages';
import { Mentioned } from './mentioned.svelte';

vi.mock('$lib/api/messages', () => ({ listNotifications: vi.fn() }));
const list = vi.mocked(listNotifications);

/** Pages of notifications by their kinds. */
function serve(...pages: string[][]) {
	list.mockImplementation(async ({ cursor }) => {
		const at = Number(cursor ?? 0);
		const items = (pages[at] ?? []).map((kind, index) => ({ id: `${at}.${index}`, kind }));
		return { items, next_cursor: at + 1 < pages.length ? `${at + 1}` : null } as never;
	});
}
const ids = ({ items }: Mentioned) => items?.map(({ id }) => id).join(' ');

beforeEach(() => void list.mockReset());

describe('where one was named or answered', () => {
	it('is found among all that one was told', async () => {
		serve(['system_down', 'message_mention'], ['announcement'], ['message_reply']);
		const mentioned = new Mentioned();
		await mentioned.run();
		expect([ids(mentioned), mentioned.more]).toEqual(['0.1 2.0', false]);
	});

	it('is looked for in a bounded number of pages, and further on demand', async () => {
		serve(...Array.from({ length: 7 }, (_, n) => (n === 6 ? ['message_mention'] : ['system_down'])));
		const mentioned = new Mentioned();
		await mentioned.run();
		expect([list.mock.calls.length, ids(mentioned), mentioned.more]).toEqual([5, '', true]);
		await mentioned.grow();
		expect([list.mock.calls.length, ids(mentioned), mentioned.more]).toEqual([7, '6.0', false]);
	});

	it('keeps what was there when no answer comes', async () => {
		serve(['message_mention']);
		const mentioned = new Mentioned();
		await mentioned.run();
		list.mockRejectedValue(new Error('away'));
		await mentioned.run();
		expect([ids(mentioned), mentioned.error?.code, mentioned.busy]).toEqual(['0.0', 'network', false]);
	});
});
