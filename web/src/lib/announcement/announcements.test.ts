import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { AnnouncementNode } from '$lib/api/types';
import { parse } from '$lib/markdown/parse';
import { announcing, fresh, isInOrder, readAnnouncement, writeAnnouncement } from './announcement-values';
import { byOrder, firstParagraph, inState } from './announcements';
import { keepAway, keptAway, printOf } from './away';

const one = (id: string, more: Partial<AnnouncementNode> = {}, facet: Partial<AnnouncementNode['announcement']> = {}) =>
	({
		id,
		kind: 'announcement',
		title: id,
		body: '',
		position: 0,
		...more,
		announcement: {
			severity: 'info',
			audience: 'all',
			style: 'banner',
			starts_at: '2026-01-01T12:00:00Z',
			ends_at: null,
			state: 'active',
			...facet
		}
	}) as AnnouncementNode;

it('stand in their order, then the latest begin first', () => {
	const late = one('late', {}, { starts_at: '2026-01-02T12:00:00Z' });
	const nodes = [one('last', { position: 3 }), one('b'), one('a'), late, one('over', {}, { state: 'ended' })];
	expect(inState(nodes, 'active').map(({ id }) => id)).toEqual(['late', 'a', 'b', 'last']);
	expect(byOrder(one('a'), one('a', { position: 1 }))).toBeLessThan(0);
});

it('show their first paragraph, whatever stands before it', () => {
	expect(firstParagraph(parse('# Title\n\nOne.\n\nTwo.'))).toEqual([{ type: 'text', text: 'One.' }]);
	expect(firstParagraph(parse('- a list'))).toEqual([]);
});

describe('what is put away in a browser', () => {
	beforeEach(() => {
		const kept = new Map<string, string>();
		vi.stubGlobal('localStorage', { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => kept.set(key, value) });
	});

	it('is told apart by its words and its begin', () => {
		const print = printOf(one('a'));
		expect(printOf(one('a', { position: 7, version: 9 }))).toBe(print);
		expect(printOf(one('a', { body: 'more' }))).not.toBe(print);
		expect(printOf(one('a', {}, { starts_at: '2026-01-03T12:00:00Z' }))).not.toBe(print);
		expect(printOf(one('b', { title: 'a' }))).not.toBe(print);
	});

	it('is kept, and bounded', () => {
		let prints = keepAway([], 'a');
		expect(keptAway()).toEqual(['a']);
		for (let count = 0; count < 150; count++) prints = keepAway(prints, `b${count}`);
		expect(keptAway()).toHaveLength(100);
		expect(keptAway()).not.toContain('a');
		expect(keptAway().at(-1)).toBe('b149');
	});

	it('counts for nothing when it cannot be read', () => {
		localStorage.setItem('synops.announcements.away', '{"not": "a list"}');
		expect(keptAway()).toEqual([]);
		vi.stubGlobal('localStorage', { getItem: () => { throw new Error('blocked'); } });
		expect(keptAway()).toEqual([]);
	});
});

describe('the form', () => {
	it('sends only what was changed, and null for an end that was taken away', () => {
		expect(writeAnnouncement({ title: ' New ', ends: '' })).toEqual({
			type: 'update_announcement',
			title: 'New',
			announcement: { ends_at: null }
		});
		expect(announcing({ ...fresh, title: ' Hello ' }, 'place')).toMatchObject({
			title: 'Hello',
			parent_id: 'place',
			announcement: { severity: 'info', audience: 'signed_in', style: 'banner', ends_at: null }
		});
	});

	it('shows times as it reads them', () => {
		const values = readAnnouncement(one('a', {}, { ends_at: '2026-01-05T08:30:00Z' }));
		expect(new Date(values.ends).toISOString()).toBe('2026-01-05T08:30:00.000Z');
		expect(writeAnnouncement({ starts: values.starts })).toMatchObject({ announcement: { starts_at: '2026-01-01T12:00:00.000Z' } });
	});

	it.each([
		['', '', true],
		['2026-01-01T12:00', '', true],
		['2026-01-01T12:00', '2026-01-01T12:01', true],
		['2026-01-01T12:00', '2026-01-01T12:00', false],
		['', '2026-01-01T11:00', false]
	])('from %s to %s', (starts, ends, expected) => {
		expect(isInOrder({ starts, ends }, new Date(2026, 0, 1, 12).getTime())).toBe(expected);
	});
});
