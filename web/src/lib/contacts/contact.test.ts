import { expect, it } from 'vitest';
import { contactOf } from './contact';

const none = { other: null, title: '', email: '', role: '' };

it.each([
	[{ ...none, kind: 'person' as const }, null],
	[{ ...none, kind: 'person' as const, other: { id: 'p', kind: 'person' as const } }, { person_id: 'p' }],
	[{ ...none, kind: 'person' as const, other: { id: 't', kind: 'team' as const }, role: ' on call ' }, { team_id: 't', role: 'on call' }],
	[{ ...none, kind: 'contact' as const, other: { id: 'c', kind: 'contact' as const } }, { contact_id: 'c' }],
	[{ ...none, kind: 'mailbox' as const, title: ' Support ' }, null],
	[
		{ ...none, kind: 'mailbox' as const, title: ' Support ', email: 'a@example.org ' },
		{ mailbox: { title: 'Support', email: 'a@example.org' } }
	]
])('%j', (values, expected) => expect(contactOf(values)).toEqual(expected));
