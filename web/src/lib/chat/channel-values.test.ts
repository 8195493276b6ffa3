import { describe, expect, it } from 'vitest';
import { creating } from '$lib/api/channels';
import { fresh, readChannel, writeChannel, type ChannelValues } from './channel-values';
import type { ChannelNode, History } from './types';

const node = (history: History) => ({ title: 'Ops', body: '', channel: { beside_id: null, history } }) as unknown as ChannelNode;

describe('the form of a channel', () => {
	it.each<[History, Partial<ChannelValues>]>([
		[{ kind: 'none' }, { history: 'none' }],
		[{ kind: 'messages', count: 10 }, { history: 'messages', messages: 10 }],
		[{ kind: 'days', count: 30 }, { history: 'days', days: 30 }]
	])('holds and writes %j', (history, expected) => {
		const values = readChannel(node(history));
		expect(values).toMatchObject(expected);
		expect(writeChannel({ history: values.history }, values)).toEqual({ type: 'update_channel', channel: { history } });
	});

	it('writes only what was changed', () =>
		expect(writeChannel({ title: ' Ops ' }, fresh)).toEqual({ type: 'update_channel', title: 'Ops' }));
});

it('a channel beside a thing is made without a word', () =>
	expect(creating({ parent_id: 's' })).toEqual({ type: 'create_channel', parent_id: 's' }));
