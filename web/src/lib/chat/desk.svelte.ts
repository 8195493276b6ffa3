import { toast } from 'svelte-sonner';
import type { Node } from '$lib/api/types';
import { t } from '$lib/i18n/index.svelte';
import { graph } from '$lib/state/app.svelte';
import { may } from '$lib/state/queries.svelte';
import { session } from '$lib/state/session.svelte';
import type { MessageAct, Viewer } from './acts';
import { hrefOfMessage } from './address';
import { chat } from './chat.svelte';
import { orSay } from './refusal';
import type { ChannelNode, MessageNode } from './types';

/** Beside these there is a timeline, onto which a message can be put. */
const with_timeline: readonly Node['kind'][] = ['incident', 'maintenance'];

/** A message something is asked about. */
export interface Asked {
	message: MessageNode;
	/** What asked: the answer is shown beside it. */
	by: HTMLElement;
	/** Where the focus goes back: what asked may be gone by then. */
	row: HTMLElement;
}

export function asking(message: MessageNode, by: HTMLElement): Asked {
	return { message, by, row: by.closest<HTMLElement>('[data-message]') ?? by };
}

/** What is going on in a channel that is open: one thread at most beside it, one menu, one question. */
export class Desk {
	/** The message whose thread is open. */
	thread_id = $state<string | null>(null);
	menu = $state.raw<Asked | null>(null);
	picker = $state.raw<Asked | null>(null);
	removing = $state.raw<MessageNode | null>(null);
	promoting = $state.raw<MessageNode | null>(null);
	/** Set by the composer that writes it anew. */
	editing = $state.raw<MessageNode | null>(null);

	constructor(private readonly of: () => ChannelNode) {}

	get channel(): ChannelNode {
		return this.of();
	}
	get id(): string {
		return this.channel.id;
	}
	/** What the channel is beside, as far as it is known here. */
	get beside(): Node | undefined {
		const { beside_id } = this.channel.channel;
		return beside_id ? graph.nodes.get(beside_id) : undefined;
	}

	readonly viewer = $derived.by<Viewer>(() => {
		const { beside, channel } = this;
		return {
			id: session.person?.id ?? null,
			writable: chat().state(channel.id).read_only === null,
			admin: may(channel, 'admin'),
			promotes: beside !== undefined && with_timeline.includes(beside.kind) && may(beside, 'member')
		};
	});

	/** By its menu or its keys. */
	do(act: MessageAct, message: MessageNode, by: HTMLElement): void {
		const acts: Record<MessageAct, () => void> = {
			reply: () => (this.thread_id = message.id),
			react: () => (this.picker = asking(message, by)),
			edit: () => (this.editing = message),
			copy: () => void this.copy(message),
			pin: () => void this.pin(message),
			promote: () => (this.promoting = message),
			delete: () => (this.removing = message)
		};
		acts[act]();
	}

	react(message: MessageNode, emoji: string): void {
		const mine = session.person?.id;
		const on = !message.message.reactions.some((one) => one.emoji === emoji && one.people.some(({ id }) => id === mine));
		void orSay(chat().react(message, emoji, on));
	}

	private async pin(message: MessageNode): Promise<void> {
		const pinned = message.message.pinned_at === null;
		if (await orSay(chat().pin(message, pinned))) toast.success(pinned ? t.chat.pinned : t.chat.unpinned);
	}

	private async copy(message: MessageNode): Promise<void> {
		try {
			await navigator.clipboard.writeText(new URL(hrefOfMessage(message), location.href).href);
			toast.success(t.chat.copied);
		} catch {
			// Only pages behind TLS may write to the clipboard; the time of the message is a link too.
			toast.error(t.chat.notCopied);
		}
	}
}
