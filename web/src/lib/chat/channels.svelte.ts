import { untrack } from 'svelte';
import { byTitle } from '$lib/graph/nodes';
import { graph } from '$lib/state/app.svelte';
import { chat } from './chat.svelte';
import { inboxOf } from './inbox-order';
import { isChannel, type ChannelNode } from './types';

/** Channels as the page has them while `kind:channel` is followed, worked out once per change. */
class Channels {
	readonly all = $derived.by<ChannelNode[]>(() => {
		void graph.stirred;
		return untrack(() => [...graph.nodes.values()].filter(isChannel).sort(byTitle));
	});
	readonly inbox = $derived.by(() => inboxOf(this.all, chat().marks()));

	/** That of a thing. */
	beside(id: string): ChannelNode | undefined {
		return this.all.find(({ channel }) => channel.beside_id === id);
	}

	/** Those that stand for themselves there. */
	within(parent_id: string): ChannelNode[] {
		return this.all.filter((node) => node.parent_id === parent_id && node.channel.beside_id === null);
	}
}

export const channels = new Channels();
