import { changing } from '$lib/api/channels';
import type { Intention, Node } from '$lib/api/types';
import { isChannel, type History } from './types';

/** What the form of a channel holds. A type, not an interface: only types fit where any keys may be. */
export type ChannelValues = { title: string; body: string; history: History['kind']; messages: number; days: number };

export const histories: History['kind'][] = ['none', 'messages', 'days'];
export const history_messages_max = 200;
export const history_days_max = 366;

export const fresh: ChannelValues = { title: '', body: '', history: 'messages', messages: 50, days: 7 };

export function readChannel(node: Node): ChannelValues {
	const { title, body } = node;
	if (!isChannel(node)) return { ...fresh, title, body };
	const { history } = node.channel;
	return {
		title,
		body,
		history: history.kind,
		messages: history.kind === 'messages' ? history.count : fresh.messages,
		days: history.kind === 'days' ? history.count : fresh.days
	};
}

export function historyOf({ history, messages, days }: ChannelValues): History {
	if (history === 'none') return { kind: 'none' };
	return history === 'messages' ? { kind: 'messages', count: messages } : { kind: 'days', count: days };
}

export function writeChannel(changed: Partial<ChannelValues>, values: ChannelValues): Partial<Intention> {
	const { title, body, ...rest } = changed;
	return changing({
		...(title === undefined ? {} : { title: title.trim() }),
		...(body === undefined ? {} : { body }),
		...(Object.keys(rest).length > 0 ? { history: historyOf(values) } : {})
	});
}
