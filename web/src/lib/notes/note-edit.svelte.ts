import type { Node } from '$lib/api/types';
import { NodeEdit } from '$lib/forms/node-edit.svelte';
import type { Kept } from './kept';
import { Merging, type NoteValues } from './merging.svelte';

const read = ({ title, body }: Node): NoteValues => ({ title, body });

/** A note as it is typed; with what somebody else saved meanwhile it is put together. */
export class NoteEdit extends NodeEdit<NoteValues> {
	merging = $state.raw<Merging | null>(null);
	/** It goes on from what was typed here before. */
	readonly resumed: boolean;

	constructor(node: Node, kept: Kept | null) {
		super(node.id, node, read, ({ title, ...rest }) => ({ ...rest, ...(title === undefined ? {} : { title: title.trim() }) }));
		this.resumed = kept !== null;
		if (!kept) return;
		this.draft.reset(kept.base, kept.version);
		this.draft.values = { ...kept.values };
	}

	/** What is to be kept over a reload; null: nothing was typed. */
	get unsaved(): Kept | null {
		const { base, values, version, dirty } = this.draft;
		return dirty ? { base: { ...base }, values: { ...values }, version } : null;
	}

	/** Null: it was refused, or is to be put together first. */
	override async save(): Promise<Node | null> {
		const saved = this.newer ? null : await super.save();
		if (!saved && this.newer) this.merge();
		return saved;
	}

	merge(): void {
		if (!this.newer) return;
		const { base, values } = this.draft;
		this.merging = new Merging({ ...base }, { ...values }, this.newer.values, this.newer.node.version);
		this.act.error = null;
	}

	/** Goes on with what was put together, over the version that was in the way. */
	take(): void {
		if (!this.merging) return;
		const { theirs, version, values } = this.merging;
		this.draft.reset(theirs, version);
		this.draft.values = { ...values };
		this.merging = null;
	}

	/** Gives up what was typed. */
	discard(node: Node): void {
		this.merging = null;
		this.act.error = null;
		this.draft.reset(read(node), node.version);
	}
}
