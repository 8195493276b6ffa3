import { describe, expect, it } from 'vitest';
import { hrefOfFile, hrefOfMessage, spotIn } from './address';
import { mediaOf } from './media';
import { message } from './testing/said';

const thread = '0198c0de-0000-7000-8000-00000000000a';

describe('the address of a message', () => {
	it.each([
		[null, '/channels/c?message=7'],
		[thread, `/channels/c?thread=${thread}&message=7`]
	])('in %s', (thread_id, href) => {
		expect(hrefOfMessage(message({ number: 7, thread_id }))).toBe(href);
		expect(spotIn(new URL(href, 'https://x').searchParams)).toEqual({ thread_id, number: 7 });
	});

	it.each(['', '0', '-1', '1.5', '1e3', 'x', '99999999999999999999', "1' or 1"])('names none by %j', (number) =>
		expect(spotIn(new URLSearchParams({ message: number, thread: '../admin' }))).toEqual({ thread_id: null, number: null })
	);

	it('of a file stays one of the server’s', () => expect(hrefOfFile({ id: '../x?y' })).toBe('/api/v1/files/..%2Fx%3Fy'));
});

describe('how a file is shown', () => {
	it.each([
		['image/png', 'image'],
		['IMAGE/JPEG; q=1', 'image'],
		['image/svg+xml', 'other'],
		['image/', 'other'],
		['audio/ogg', 'audio'],
		['video/mp4', 'video'],
		['text/html', 'other'],
		['', 'other']
	])('%j: %s', (media_type, media) => expect(mediaOf({ media_type })).toBe(media));
});
