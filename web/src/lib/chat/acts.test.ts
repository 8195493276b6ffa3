import { describe, expect, it } from 'vitest';
import { actsOn, lastOwn, type Viewer } from './acts';
import { message } from './testing/said';

const viewer = (more: Partial<Viewer> = {}): Viewer => ({ id: 'a', writable: true, admin: false, promotes: false, ...more });

describe('what may be done with a message', () => {
	it.each<[string, Parameters<typeof message>[0], Partial<Viewer>, string]>([
		['one’s own', { number: 1 }, {}, 'reply react edit copy pin delete'],
		['another’s', { number: 1, author: 'b' }, {}, 'reply react copy pin'],
		['another’s, by an administrator', { number: 1, author: 'b' }, { admin: true }, 'reply react copy pin delete'],
		['the server’s', { number: 1, author: null }, { id: null }, 'reply react copy pin'],
		['a reply', { number: 1, author: 'b', thread_id: 't' }, {}, 'react copy pin'],
		['beside an incident', { number: 1, author: 'b' }, { promotes: true }, 'reply react copy pin promote'],
		['on the timeline already', { number: 1, author: 'b', promoted: true }, { promotes: true }, 'reply react copy pin'],
		['read only', { number: 1 }, { writable: false, admin: true, promotes: true }, 'copy'],
		['deleted', { number: 1, deleted: true }, { admin: true }, '']
	])('%s', (_, said, who, expected) => expect(actsOn(message(said), viewer(who)).join(' ')).toBe(expected));
});

describe('the last of one’s own', () => {
	const messages = [message({ number: 1 }), message({ number: 2, author: 'b' }), message({ number: 3, deleted: true })];
	it.each([
		['a', 1],
		['b', 2],
		['c', null],
		[null, null]
	])('of %s', (id, number) => expect(lastOwn(messages, id)?.message.number ?? null).toBe(number));
});
