import type { Node, Rows } from '$lib/api/types';
import type { ChannelMark, ChannelNode, History, MessageFacet, MessageNode, MessagePage } from '$lib/chat/types';
import { node } from './rows';

export const rows_limit = 200;

/** What a request is answered with. */
export interface Answer {
	status: number;
	body: unknown;
}

interface Request {
	method: string;
	path: string[];
	query: URLSearchParams;
	body: Record<string, unknown>;
	person_id: string | null;
	ifMatch: string | null;
}

const ok = (body: unknown): Answer => ({ status: 200, body });
const refused = (status: number, code: string): Answer => ({ status, body: { code } });

/** Channels as docs/API.md has them: numbers without gaps, and each message once, however often it is sent. */
export class TestChannels {
	readonly channels = new Map<string, ChannelNode>();
	readonly messages = new Map<string, MessageNode>();
	readonly reads = new Map<string, { read_number: number; muted: boolean }>();
	/** Ids of the messages that were posted, as often as they were. */
	readonly posted: string[] = [];
	/** What was asked for, such as `GET /channels/c/messages`. */
	readonly asked: string[] = [];
	/** Answers of the next posts instead of taking them. */
	readonly refuseNext: Answer[] = [];
	/** Pages of history are answered with this. */
	refusePages: Answer | null = null;
	/** So many answers to posts are lost, though they were carried out. */
	loseAnswers = 0;
	/** By channel: before a post to it is looked at. */
	readonly hold = new Map<string, Promise<void>>();
	/** Before a page of history is sent, but after it was read. */
	holdPages: Promise<void> = Promise.resolve();

	/** By channel or thread, in the order of their numbers. */
	private readonly ordered = new Map<string, string[]>();
	private silent = false;

	constructor(
		private readonly tell: (node: Node) => void,
		private readonly isHidden: (scope_id: string) => boolean
	) {}

	make(id: string, history: History = { kind: 'messages', count: 50 }): void {
		const channel = { beside_id: null, history };
		const made = node(id, 1, { kind: 'channel', title: id, scope_id: id, parent_id: 'place' });
		this.channels.set(id, { ...made, channel });
		this.publish({ ...made, channel } as Node);
	}

	/** Somebody writes; answers what was made. */
	post(channel_id: string, body: string, more: { thread_id?: string; author?: string; id?: string } = {}): MessageNode {
		const { thread_id = null, author = 'ola' } = more;
		const order = this.ordered.get(thread_id ?? channel_id) ?? [];
		const number = order.length + 1;
		const id = more.id ?? `${thread_id ?? channel_id}#${number}`;
		const facet: MessageFacet = {
			channel_id,
			thread_id,
			number,
			author: { id: author, title: author },
			edited_at: null,
			deleted_at: null,
			pinned_at: null,
			pinned_by: null,
			promoted_at: null,
			replies: 0,
			last_reply_at: null,
			mentions: [],
			reactions: [],
			files: []
		};
		const made = node(id, 1, { kind: 'message', title: body, body, scope_id: channel_id, parent_id: channel_id });
		const message: MessageNode = { ...made, message: facet };
		this.ordered.set(thread_id ?? channel_id, order);
		order.push(id);
		this.messages.set(id, message);
		this.publish(message);
		const parent = thread_id ? this.messages.get(thread_id) : undefined;
		if (parent) this.change(parent.id, {}, { replies: parent.message.replies + 1 });
		return message;
	}

	/** Many at once, without telling anybody. */
	fill(channel_id: string, count: number, thread_id?: string): void {
		this.silent = true;
		for (let n = 0; n < count; n++) this.post(channel_id, `m${n + 1}`, thread_id ? { thread_id } : {});
		this.silent = false;
	}

	change(id: string, more: Partial<Node>, facet: Partial<MessageFacet> = {}): MessageNode {
		const before = this.messages.get(id) as MessageNode;
		const after = { ...before, ...more, version: before.version + 1, message: { ...before.message, ...facet } };
		this.messages.set(id, after);
		this.publish(after);
		return after;
	}

	edit(id: string, body: string): MessageNode {
		return this.change(id, { body }, { edited_at: 'now' });
	}

	remove(id: string): MessageNode {
		return this.change(id, { body: '' }, { deleted_at: 'now', reactions: [], files: [], mentions: [] });
	}

	/** After a restore: nothing beyond this number ever was. */
	cut(channel_id: string, last: number): void {
		for (const id of this.ordered.get(channel_id)?.splice(last) ?? []) this.messages.delete(id);
	}

	/** First rows of a channel; none where there is none, or not for the caller. */
	rows(channel_id: string): Rows {
		const channel = this.channels.get(channel_id);
		if (!channel || this.isHidden(channel_id)) return {};
		const { history } = channel.channel;
		const all = this.count(channel_id, null);
		const count = history.kind === 'none' ? 0 : Math.min(rows_limit, history.count, all);
		const newest = this.sequence(channel_id, null, all - count);
		return { nodes: [channel, ...newest], edges: [], truncated: count < all };
	}

	/** Null: not a path of chat. */
	async answer(request: Request): Promise<Answer | null> {
		const [what, id, part] = request.path;
		if (what !== 'channels' && what !== 'messages') return null;
		this.asked.push(`${request.method} /${request.path.join('/')}`);
		if (what === 'channels' && id === 'marks') return ok({ items: this.marks(request.person_id) });
		const channel_id = what === 'channels' ? id : this.messages.get(id ?? '')?.message.channel_id;
		if (!id || !channel_id || !this.channels.has(channel_id) || this.isHidden(channel_id)) return refused(404, 'not_found');
		if (what === 'messages') return this.answerOfMessage(request, id, part);
		if (part === 'messages' && request.method === 'GET') {
			const page = this.refusePages ?? ok(this.page(channel_id, request.query));
			await this.holdPages;
			return page;
		}
		if (part === 'messages') return this.take(request, channel_id);
		if (part === 'mark') return this.mark(channel_id, request);
		if (part === 'pins') return ok({ items: this.sequence(channel_id, null).filter(({ message }) => message.pinned_at) });
		return refused(404, 'not_found');
	}

	private answerOfMessage({ method, body, ifMatch, person_id }: Request, id: string, part: string | undefined): Answer {
		const held = this.messages.get(id) as MessageNode;
		const stale = ifMatch !== null && ifMatch !== `"${held.version}"`;
		if (stale) return refused(412, 'stale');
		if (method === 'PATCH') return ok(this.edit(id, String(body.body)));
		if (method === 'DELETE') return ok(this.remove(id));
		if (part === 'pin') return ok(this.change(id, {}, { pinned_at: body.pinned ? 'now' : null }));
		if (part !== 'reactions') return refused(404, 'not_found');
		const emoji = String(body.emoji);
		const others = held.message.reactions.filter((one) => one.emoji !== emoji);
		const mine = { emoji, people: [{ id: person_id ?? '', title: '' }] };
		return ok(this.change(id, {}, { reactions: body.on ? [...others, mine] : others }));
	}

	private async take({ body, person_id }: Request, channel_id: string): Promise<Answer> {
		const { id, thread_id } = body as { id: string; thread_id?: string };
		this.posted.push(id);
		await this.hold.get(channel_id);
		if (!person_id) return refused(401, 'unauthenticated');
		const refusal = this.refuseNext.shift();
		if (refusal) return refusal;
		const there = this.messages.get(id);
		const message = there ?? this.post(channel_id, String(body.body), { id, author: person_id, ...(thread_id ? { thread_id } : {}) });
		if (this.loseAnswers === 0) return ok(message);
		this.loseAnswers--;
		return { status: 0, body: null };
	}

	private page(channel_id: string, query: URLSearchParams): MessagePage {
		const limit = Math.min(rows_limit, Number(query.get('limit') ?? 50));
		const thread_id = query.get('thread_id');
		const all = this.count(channel_id, thread_id);
		const [before, after, around] = ['before', 'after', 'around'].map((name) => (query.has(name) ? Number(query.get(name)) : null));
		let from = all - limit;
		if (before != null) from = before - 1 - limit;
		if (after != null) from = after;
		if (around != null) from = around - 1 - Math.floor(limit / 2);
		const to = Math.min(before != null ? before - 1 : all, from + limit);
		from = Math.max(0, from);
		return { items: this.sequence(channel_id, thread_id, from, Math.max(from, to)), has_older: from > 0, has_newer: to < all };
	}

	private marks(person_id: string | null): ChannelMark[] {
		if (!person_id) return [];
		return [...this.channels.keys()].filter((id) => !this.isHidden(id)).map((id) => this.markOf(id));
	}

	private markOf(channel_id: string): ChannelMark {
		const last = this.sequence(channel_id, null).at(-1);
		const { read_number, muted } = this.reads.get(channel_id) ?? { read_number: 0, muted: false };
		return { channel_id, last_number: last?.message.number ?? 0, last_at: last?.created_at ?? null, read_number, muted };
	}

	private mark(channel_id: string, { body }: Request): Answer {
		const before = this.markOf(channel_id);
		const read_number = Math.max(before.read_number, Number(body.read_number ?? 0));
		this.reads.set(channel_id, { read_number, muted: Boolean(body.muted ?? before.muted) });
		return ok(this.markOf(channel_id));
	}

	private sequence(channel_id: string, thread_id: string | null, from = 0, to = Infinity): MessageNode[] {
		const ids = this.ordered.get(thread_id ?? channel_id) ?? [];
		return ids.slice(from, to).map((id) => this.messages.get(id) as MessageNode);
	}

	private count(channel_id: string, thread_id: string | null): number {
		return this.ordered.get(thread_id ?? channel_id)?.length ?? 0;
	}

	private publish(node: Node): void {
		if (!this.silent) this.tell(node);
	}
}
