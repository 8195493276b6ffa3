import { describe, expect, it } from 'vitest';
import { Draft } from './draft.svelte';
import { fieldError, isShownAtField } from './errors';
import { ApiError } from '$lib/api/problem';

describe('Draft', () => {
	const make = () => new Draft({ title: 'Shop', body: '', every: 30 }, 4);

	it('sends only what was typed', () => {
		const draft = make();
		expect([draft.dirty, draft.changes()]).toEqual([false, {}]);
		draft.values.title = 'Shop 2';
		expect([draft.dirty, draft.changes()]).toEqual([true, { title: 'Shop 2' }]);
	});

	it('tells what someone else changed, and what is typed there', () => {
		const draft = make();
		draft.values.title = 'Mine';
		expect(draft.differences({ title: 'Theirs', body: '', every: 60 })).toEqual([
			{ key: 'title', theirs: 'Theirs', yours: 'Mine' },
			{ key: 'every', theirs: 60, yours: null }
		]);
	});

	it('goes on over a newer version: typed text stays, the rest follows', () => {
		const draft = make();
		draft.values.title = 'Mine';
		draft.rebase({ title: 'Theirs', body: 'new', every: 60 }, 5);
		expect(draft.values).toEqual({ title: 'Mine', body: 'new', every: 60 });
		expect([draft.version, draft.changes()]).toEqual([5, { title: 'Mine' }]);
	});
});

describe('fieldError', () => {
	const error = new ApiError('invalid', 422, {
		type: '',
		title: '',
		status: 422,
		code: 'invalid',
		field: 'intentions[0].system.check.url',
		detail: 'system.check.url: must begin with http',
		request_id: 'r'
	});
	it('finds the input by the last part of the path', () => {
		expect(fieldError(error, 'url')).toBe('must begin with http');
		expect(fieldError(error, 'check')).toBeNull();
		expect(fieldError(null, 'url')).toBeNull();
		expect(isShownAtField(error, ['title', 'url'])).toBe(true);
		expect(isShownAtField(error, ['title'])).toBe(false);
	});
});
