import { describe, expect, it } from 'vitest';
import { ApiError } from '$lib/api/problem';
import type { Node } from '$lib/api/types';
import { onNewest } from './on-newest';
import { readMessage } from './read-message';
import { message } from './testing/said';
import type { MessageNode } from './types';

const stale = new ApiError('stale', 412, null);

describe('what is done to a message', () => {
	const begun = { ...message({ number: 1, body: 'as it was' }), version: 3 };
	/** On a server that has it so; answers with which versions it was tried. */
	async function tried(now: MessageNode | Error, refusal = stale): Promise<{ versions: number[]; failed: unknown }> {
		const versions: number[] = [];
		const act = async ({ version }: MessageNode) => {
			versions.push(version);
			if (now instanceof Error || version !== now.version) throw refusal;
		};
		const read = async () => {
			if (now instanceof Error) throw now;
			return now;
		};
		const failed = await onNewest(begun, act, read).then(
			() => null,
			(cause: unknown) => cause
		);
		return { versions, failed };
	}

	it('is done again when only its version has risen', async () =>
		expect(await tried({ ...begun, version: 7 })).toEqual({ versions: [3, 7], failed: null }));

	it.each<[string, MessageNode | Error]>([
		['says something else', { ...begun, version: 7, body: 'as somebody else has it' }],
		['is deleted', { ...message({ number: 1, body: 'as it was', deleted: true }), version: 7 }],
		['cannot be read', new ApiError('network', 0, null)]
	])('is a conflict when it %s', async (_, now) => expect(await tried(now)).toEqual({ versions: [3], failed: stale }));

	it('is refused as before for any other reason', async () => {
		const forbidden = new ApiError('forbidden', 403, null);
		expect(await tried({ ...begun, version: 7 }, forbidden)).toEqual({ versions: [3], failed: forbidden });
	});
});

describe('reading a message', () => {
	const refusedWith = (status: number) => readMessage('m', () => Promise.reject(new ApiError('x', status, null)));

	it.each([400, 403, 404, 422])('has none after a %i', async (status) => expect(await refusedWith(status)).toBeNull());
	it.each([0, 401, 429, 500, 503])('says so after a %i', (status) => expect(refusedWith(status)).rejects.toMatchObject({ status }));
	it('takes nothing else for one', async () => expect(await readMessage('m', async () => ({ kind: 'system' }) as Node)).toBeNull());
});
