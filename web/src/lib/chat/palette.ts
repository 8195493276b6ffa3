import { goto } from '$app/navigation';
import { listChannels } from '$lib/api/channels';
import { getNode } from '$lib/api/calls';
import { placeText } from '$lib/catalog/places';
import { hrefOf } from '$lib/graph/nodes';
import { t } from '$lib/i18n/index.svelte';
import type { Command, Provider } from '$lib/palette/registry';
import { graph } from '$lib/state/app.svelte';
import { session } from '$lib/state/session.svelte';
import { chat } from './chat.svelte';
import { unreadIn } from './inbox-order';
import { isChannel, type ChannelNode } from './types';

const most = 5;

/** Channels by their names; with nothing typed those with something new. */
export const channelCommands: Provider = {
	id: 'channels',
	title: () => t.chat.title,
	async find(q, signal) {
		if (!session.person) return [];
		const found = q ? (await listChannels({ q, limit: most }, signal)).items : await unreadOnes();
		return found.map(command);
	}
};

function command(channel: ChannelNode): Command {
	const unread = unreadIn(chat().marks().get(channel.id));
	return {
		id: `channel ${channel.id}`,
		title: t.chat.goTo(channel.title),
		hint: unread > 0 ? t.chat.unread(unread) : placeText(channel),
		kind: 'channel',
		run: () => goto(hrefOf(channel))
	};
}

/** Where something was said last that one has not read. */
async function unreadOnes(): Promise<ChannelNode[]> {
	const marks = [...chat().marks().values()].filter((mark) => unreadIn(mark) > 0);
	marks.sort((a, b) => (b.last_at ?? '').localeCompare(a.last_at ?? ''));
	const ids = marks.slice(0, most).map(({ channel_id }) => channel_id);
	const nodes = await Promise.all(ids.map((id) => graph.nodes.get(id) ?? getNode(id).catch(() => null)));
	return nodes.filter((node) => node !== null).filter(isChannel);
}
