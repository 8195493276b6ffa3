import { describe, expect, it } from 'vitest';
import type { Node } from '$lib/api/types';
import { Draft } from '$lib/forms/draft.svelte';
import { fresh, leadsElsewhere, newConnection, readConnection, writeConnection } from './connection-values';

const node = {
	kind: 'connection',
	title: 'Mail',
	connection: {
		channel: 'smtp',
		enabled: true,
		host: 'mail.example.org',
		port: 587,
		security: 'starttls',
		username: 'ops',
		sender: 'ops@example.org',
		server: null,
		secrets: ['password'],
		tested_at: null,
		test_error: null
	}
} as unknown as Node;

describe('a new connection', () => {
	const typed = { ...fresh, host: 'mail', port: '25', sender: 'a@b', server: 'https://ntfy', url: 'https://hook', topic: 'ops', password: '' };
	it.each([
		['smtp', { enabled: true, host: 'mail', port: 25, security: 'starttls', sender: 'a@b' }],
		['webhook', { enabled: true, url: 'https://hook' }],
		['slack', { enabled: true, url: 'https://hook' }],
		['ntfy', { enabled: true, server: 'https://ntfy', topic: 'ops' }]
	] as const)('%s has its own fields alone', (channel, expected) => {
		expect(newConnection(channel, typed)).toEqual(expected);
	});
});

describe('an edit of a connection', () => {
	const edited = (change: (draft: Draft<typeof fresh>) => void) => {
		const draft = new Draft(readConnection(node), 1);
		change(draft);
		return writeConnection(draft.changes());
	};

	it('says nothing of a secret that stays', () => {
		expect(edited((draft) => (draft.values.username = 'kari'))).toEqual({
			type: 'update_connection',
			connection: { username: 'kari' }
		});
	});
	it('replaces one, or forgets it', () => {
		expect(edited((draft) => (draft.values.password = 'new'))).toMatchObject({ connection: { password: 'new' } });
		expect(edited((draft) => (draft.values.password = ''))).toMatchObject({ connection: { password: '' } });
	});
	it('tells a port as a number, and a title apart', () => {
		expect(edited((draft) => Object.assign(draft.values, { port: '465', title: ' Post ' }))).toEqual({
			type: 'update_connection',
			title: 'Post',
			connection: { port: 465 }
		});
	});
	it.each([
		[{ host: 'a' }, true],
		[{ port: '1' }, true],
		[{ security: 'tls' }, true],
		[{ server: 'https://a' }, true],
		[{ username: 'a', title: 'b', enabled: false, sender: 'c' }, false]
	] as const)('%o leads elsewhere: %s', (changed, expected) => expect(leadsElsewhere(changed)).toBe(expected));
});
