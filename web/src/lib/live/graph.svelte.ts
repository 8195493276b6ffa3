import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import type { Edge, Level, Node, NodeKind, Rows } from '$lib/api/types';
import { isMessage, type MessageNode } from '$lib/chat/types';
import type { Added, LiveEvent, Removed, Sink, Topic } from './connection';
import { Graves } from './graves';
import { MessageStore } from './messages.svelte';

/** Where a row comes from: a snapshot may bring back what was taken away, the rest may not. */
type Source = 'snapshot' | 'event';
type Row = Node | Edge;

/**
 * The only place in the browser that holds nodes and edges.
 *
 * - A row is taken when its version is above the one held, whatever it comes
 *   by: an event, first rows, the answer to a write. Older or equal is ignored.
 * - A delete leaves its version behind, so that a late older row stays out.
 * - Only what a subscribed topic covers is kept: nothing here goes unwatched.
 * - Messages are never among the nodes: there are too many of them (`messages`).
 */
export class GraphStore implements Sink {
	readonly nodes = new SvelteMap<string, Node>();
	readonly edges = new SvelteMap<string, Edge>();
	/** The viewer's level per scope, where it is above what visibility gives. */
	readonly levels = new SvelteMap<string, Level>();
	/** Topics with more rows than the server sends at once. */
	readonly truncated = new SvelteSet<Topic>();

	private readonly topics = new Set<Topic>();
	private readonly graves = new Graves();
	/** Rows of a topic that can't be continued: shown on, but any version replaces them. */
	private readonly suspect = new Set<string>();
	/** When each row was taken, counted in rows: what a snapshot can't know of is newer than its mark. */
	private readonly taken = new Map<string, number>();
	private count = 0;
	/** When nodes or edges last were, counted likewise. */
	private touched = 0;
	/** When all was given up, counted likewise. */
	private cleared = 0;
	readonly messages = new MessageStore(
		() => ++this.count,
		() => this.count
	);
	/** Rises whenever nodes or edges were taken or given up, for whoever shows what the rows don't tell. */
	stirred = $state(0);

	mark(): number {
		return this.count;
	}

	wanted(topic: Topic): void {
		this.topics.add(topic);
		const channel = channelOf(topic);
		if (channel) this.messages.wanted(channel);
	}

	dropped(topic: Topic): void {
		this.topics.delete(topic);
		this.truncated.delete(topic);
		const channel = channelOf(topic);
		if (channel) this.messages.dropped(channel);
		this.prune();
		this.stir();
	}

	/** A snapshot of the topic: brings its rows and takes away what is no longer among them. */
	rows(topic: Topic, all: Rows, mark: number, again = false): void {
		const { messages, ...rows } = apart(all);
		const channel = channelOf(topic);
		if (channel) {
			const there = rows.nodes.some(({ id }) => id === channel);
			this.messages.began(channel, there ? messages : null, rows.truncated ?? false, mark, again);
		}
		this.takeAll(rows.nodes, rows.edges, 'snapshot');
		if (rows.truncated) this.truncated.add(topic);
		else this.truncated.delete(topic);

		const seen = new Set<string>();
		for (const row of [...rows.nodes, ...(rows.edges ?? [])]) seen.add(row.id);
		const gone = (row: Row) => !seen.has(row.id) && (this.taken.get(row.id) ?? 0) <= mark;
		for (const node of [...this.nodes.values()]) {
			if (!ownNode(topic, node) || !gone(node)) continue;
			if (rows.truncated && this.coveredByAnother(topic, node)) continue;
			this.bury(this.nodes, node.id, node.version);
		}
		for (const edge of [...this.edges.values()]) {
			if (touches(topic, edge) && gone(edge)) this.bury(this.edges, edge.id, edge.version);
		}
		this.prune();
		this.stir();
	}

	setLevels(levels: Record<string, Level>): void {
		for (const scope of [...this.levels.keys()]) if (!(scope in levels)) this.levels.delete(scope);
		for (const [scope, level] of Object.entries(levels)) this.levels.set(scope, level);
	}

	changes(events: LiveEvent[]): void {
		// Edges first: they tell which nodes are neighbours worth keeping.
		for (const event of events) {
			if (event.op === 'upsert') {
				if (event.edge) this.take(this.edges, event.edge, 'event');
			} else if (event.entity === 'edge' || !this.messages.delete(event.id, event.version)) {
				this.delete(event.entity, event.id, event.version);
			}
		}
		for (const event of events) {
			if (event.op === 'upsert' && event.node) this.takeNode(event.node, 'event');
		}
		if (events.some((event) => event.op === 'delete' && event.entity === 'edge')) this.prune();
		this.stir();
	}

	added(added: Added): void {
		this.levels.set(added.scope_id, added.level);
		this.takeAll(added.nodes, added.edges, 'snapshot');
		this.stir();
		this.messages.added(added.scope_id);
	}

	removed(removed: Removed): void {
		const scopes = new Set(removed.scope_ids);
		for (const scope of scopes) this.levels.delete(scope);
		for (const node of [...this.nodes.values()]) {
			if (scopes.has(node.scope_id)) this.bury(this.nodes, node.id, node.version);
		}
		for (const edge of [...this.edges.values()]) {
			if (scopes.has(edge.source_scope_id) || scopes.has(edge.target_scope_id)) {
				this.bury(this.edges, edge.id, edge.version);
			}
		}
		for (const { entity, id, version } of removed.ids) {
			const map = entity === 'node' ? this.nodes : this.edges;
			const held = map.get(id);
			if (!held || this.isSuspect(id) || held.version <= version) this.bury(map, id, version);
		}
		this.messages.removed(scopes, removed.ids);
		this.prune();
		this.stir();
	}

	resync(topic: Topic): void {
		for (const node of this.nodes.values()) if (ownNode(topic, node)) this.suspect.add(node.id);
		for (const edge of this.edges.values()) if (touches(topic, edge)) this.suspect.add(edge.id);
		const channel = channelOf(topic);
		if (channel) this.messages.doubt(channel);
		// After a restore the versions may have gone back: graves of before say nothing.
		this.graves.clear();
		this.messages.resync();
	}

	/** What the answer to a write (or a single read) brings, by the same rules as an event. */
	answered(rows: { node?: Node; edge?: Edge; deleted?: string }[]): void {
		for (const { edge } of rows) if (edge) this.take(this.edges, edge, 'event');
		for (const { node } of rows) if (node) this.takeNode(node, 'event');
		for (const { deleted } of rows) {
			// The answer does not tell the delete's version; its event will.
			const map = deleted && this.nodes.has(deleted) ? this.nodes : this.edges;
			const held = deleted && map.get(deleted);
			if (held) this.bury(map, held.id, held.version);
		}
		this.stir();
	}

	/** Rows of a topic that has more than come at once, read by pages; `mark` is of when they were asked for. */
	paged(nodes: Node[], mark: number): void {
		if (mark < this.cleared) return; // of whoever looked at the page before
		for (const node of nodes) if (!this.graves.isNewerThan(node.id, mark)) this.take(this.nodes, node, 'snapshot');
		this.stir();
	}

	/** Another person, or nobody, looks at the page now. */
	clear(): void {
		this.cleared = this.next();
		this.messages.clear();
		for (const held of [this.nodes, this.edges, this.levels, this.truncated]) held.clear();
		for (const kept of [this.graves, this.suspect, this.taken]) kept.clear();
		this.stir();
	}

	/** Once for all that came together: thousands of rows may. */
	private stir(): void {
		this.stirred = this.touched;
		this.messages.stir();
	}

	private next(): number {
		this.touched = ++this.count;
		return this.count;
	}

	private takeAll(nodes: Node[] = [], edges: Edge[] = [], source: Source): void {
		for (const edge of edges) this.take(this.edges, edge, source);
		for (const node of nodes) this.takeNode(node, source);
	}

	private takeNode(node: Node, source: Source): void {
		if (isMessage(node)) this.messages.take(node);
		else this.take(this.nodes, node, source);
	}

	private take<T extends Row>(map: SvelteMap<string, T>, row: T, source: Source): void {
		if (!this.covered(row) || !this.graves.lets(row.id, row.version, source)) return;
		const held = map.get(row.id);
		if (held && !this.isSuspect(row.id) && row.version <= held.version) return;
		map.set(row.id, row);
		this.graves.open(row.id);
		this.suspect.delete(row.id);
		this.taken.set(row.id, this.next());
	}

	private delete(entity: 'node' | 'edge', id: string, version: number): void {
		const map = entity === 'node' ? this.nodes : this.edges;
		const held = map.get(id);
		if (held && !this.isSuspect(id) && held.version >= version) return;
		this.forget(map, id);
		this.graves.dig(id, version, 'deleted', this.next());
	}

	/** Out of sight, maybe for a while: a snapshot may bring the very same version back. */
	private bury(map: SvelteMap<string, Node> | SvelteMap<string, Edge>, id: string, version: number) {
		this.forget(map, id);
		this.graves.dig(id, version, 'removed', this.next());
	}

	private forget(map: SvelteMap<string, Node> | SvelteMap<string, Edge>, id: string): void {
		if (map.delete(id)) this.next();
		this.suspect.delete(id);
		this.taken.delete(id);
	}

	private isSuspect(id: string): boolean {
		return this.suspect.has(id);
	}

	/** Drops what no subscribed topic covers: nobody would tell of its changes. */
	private prune(): void {
		for (const edge of [...this.edges.values()]) {
			if (!this.covered(edge)) this.forget(this.edges, edge.id);
		}
		const kept = this.neighbours();
		for (const node of [...this.nodes.values()]) {
			const own = [...this.topics].some((topic) => ownNode(topic, node));
			if (!own && !kept.has(node.id)) this.forget(this.nodes, node.id);
		}
	}

	private neighbours(): Set<string> {
		const ids = new Set<string>();
		for (const edge of this.edges.values()) ids.add(edge.source_id).add(edge.target_id);
		return ids;
	}

	private covered(row: Row): boolean {
		if ('source_id' in row) return [...this.topics].some((topic) => touches(topic, row));
		return this.coveredByAnother(null, row);
	}

	private coveredByAnother(but: Topic | null, node: Node): boolean {
		for (const topic of this.topics) if (topic !== but && ownNode(topic, node)) return true;
		for (const edge of this.edges.values()) {
			if (edge.source_id === node.id || edge.target_id === node.id) return true;
		}
		return false;
	}
}

function ownNode(topic: Topic, node: { id: string; kind: NodeKind }): boolean {
	return topic === `kind:${node.kind}` || topic === `node:${node.id}` || topic === `channel:${node.id}`;
}

function channelOf(topic: Topic): string | null {
	return topic.startsWith('channel:') ? topic.slice('channel:'.length) : null;
}

function apart(rows: Rows): Rows & { nodes: Node[]; messages: MessageNode[] } {
	const nodes: Node[] = [];
	const messages: MessageNode[] = [];
	for (const node of rows.nodes ?? []) {
		if (isMessage(node)) messages.push(node);
		else nodes.push(node);
	}
	return { ...rows, nodes, messages };
}

function touches(topic: Topic, edge: Edge): boolean {
	return topic === `node:${edge.source_id}` || topic === `node:${edge.target_id}`;
}
