import { listTemplates } from '$lib/api/messages';
import { asApiError, type ApiError } from '$lib/api/problem';
import type { ConnectionNode, NoticeKind, Template } from '$lib/api/types';
import { getNode } from '$lib/api/calls';
import { Act } from '$lib/state/act.svelte';
import { begun, changedOf, merged, overlapOf, wordsOf, type Edits, type Words } from './templates';

/** What somebody types over a connection's own words, which others may change meanwhile. */
export class TemplatesDesk {
	readonly act = new Act();
	base = $state.raw<Words | null>(null);
	error = $state.raw<ApiError | null>(null);
	/** Changed by somebody else and here; told before theirs is replaced. */
	overlap = $state.raw<NoticeKind[]>([]);
	private edits = $state.raw<Edits>(new Map());
	private version = 0;

	readonly changed = $derived(this.base ? changedOf(this.base, this.edits) : []);

	constructor(private readonly id: string) {}

	async load(): Promise<void> {
		try {
			// The version first: what is read after it is at least as new, and an older one is refused.
			const { version } = await getNode(this.id);
			const words = wordsOf(await listTemplates(this.id));
			this.overlap = this.base ? overlapOf(this.base, words, this.edits) : [];
			this.version = version;
			this.base = words;
			this.error = null;
		} catch (cause) {
			this.error = asApiError(cause);
		}
	}

	of(kind: NoticeKind): Template | null {
		return this.edits.has(kind) ? (this.edits.get(kind) ?? null) : (this.base?.get(kind) ?? null);
	}

	begin(kind: NoticeKind): void {
		this.set(kind, this.base?.get(kind) ?? begun(kind));
	}

	set(kind: NoticeKind, template: Template | null): void {
		this.edits = new Map(this.edits).set(kind, template);
		this.act.error = null;
	}

	/** Whether all is kept now. A version that was in the way is read first, and asked about where both changed the same. */
	async save(): Promise<boolean> {
		if (await this.send()) return true;
		if (this.act.error?.code !== 'stale') return false;
		await this.load();
		if (this.error) return false;
		if (this.overlap.length > 0) {
			this.act.error = null;
			return false;
		}
		return this.send();
	}

	private async send(): Promise<boolean> {
		if (!this.base) return false;
		const templates = merged(this.base, this.edits);
		const results = await this.act.intend({ type: 'set_connection_templates', id: this.id, version: this.version, templates });
		if (!results) return false;
		this.version = (results[0]?.node as ConnectionNode | undefined)?.version ?? this.version;
		this.base = wordsOf(templates);
		this.edits = new Map();
		this.overlap = [];
		return true;
	}
}
