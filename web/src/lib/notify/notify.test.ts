import { describe, expect, it } from 'vitest';
import type { Subscription } from '$lib/api/types';
import { dayTime } from '$lib/i18n/format';
import { i18n } from '$lib/i18n/index.svelte';
import { inViewersZone, nameIn, noticeWord, notice_kinds } from './notices';
import { choiceOf, kindsOf, watchOf } from './watch';

const sub = (id: string, target: string | null, more: Partial<Subscription> = {}): Subscription => ({
	id,
	target: target === null ? null : { id: target, kind: 'group', title: target },
	subscriber: { id: 'me', kind: 'person', title: 'Me' },
	connection: null,
	kinds: [],
	created_at: '2026-01-01T00:00:00Z',
	...more
});
const by = { id: 'c', kind: null, title: 'Room' };
const places = [{ id: 'shop' }, { id: 'counter' }];

describe('watching', () => {
	it.each([
		['nothing', [], null, []],
		['itself', [sub('1', 'till')], '1', []],
		['what it is part of, the nearest first', [sub('1', 'shop'), sub('2', 'counter')], null, ['2', '1']],
		['everything, last', [sub('1', null), sub('2', 'shop')], null, ['2', '1']],
		['itself and around', [sub('1', 'till'), sub('2', 'shop')], '1', ['2']],
		['other things', [sub('1', 'elsewhere')], null, []],
		['by a connection', [sub('1', 'till', { connection: by }), sub('2', 'shop', { connection: by })], null, []]
	])('%s', (_, subscriptions, own, through) => {
		const watch = watchOf(subscriptions, 'till', places);
		expect([watch.own?.id ?? null, watch.through.map(({ id }) => id)]).toEqual([own, through]);
	});

	it('all kinds are none named', () => {
		expect(choiceOf(sub('1', 'a'))).toBe('all');
		expect(choiceOf(null)).toBe('all');
		expect(choiceOf(sub('1', 'a', { kinds: ['system_down'] }))).toEqual(['system_down']);
		expect(kindsOf('all')).toEqual([]);
	});
});

describe('a notification', () => {
	it.each([
		['incident_opened', 'Incident: Slow payments', 'Slow payments'],
		['system_down', 'Down: db: primary', 'db: primary'],
		['maintenance_verifying', 'Maintenance: work is over, checking: New disks', 'New disks'],
		['maintenance_verifying', 'Maintenance: work is over, checking: a: b', 'a: b'],
		['announcement', 'No headline', 'No headline']
	])('%s %s is about %s', (kind, title, name) => expect(nameIn({ kind, title })).toBe(name));

	it('tells times in the viewer’s zone', () => {
		const at = (iso: string) => dayTime(Date.parse(iso), i18n.tag);
		expect(inViewersZone('2026-11-22 12:08 UTC – 2026-11-22 13:08 UTC\nShop')).toBe(
			`${at('2026-11-22T12:08Z')} – ${at('2026-11-22T13:08Z')}\nShop`
		);
		expect(inViewersZone('12:08 UTC')).toBe('12:08 UTC');
	});

	it('has words for each kind, and its name for one of a newer server', () => {
		for (const kind of notice_kinds) expect(noticeWord(kind)).not.toContain('_');
		expect(new Set(notice_kinds).size).toBe(16);
		expect(noticeWord('disk_full')).toBe('disk full');
	});
});
