import { linesChosen, merge, type Choice, type Part } from './merge';

/** A type, not an interface: only types fit where any keys may be. */
export type NoteValues = { title: string; body: string };

/** What somebody typed and what somebody else saved meanwhile, being put together. */
export class Merging {
	readonly title: Part;
	readonly body: Part[];
	/** Of the conflicts of the body, in order; null: not chosen yet. */
	choices = $state<(Choice | null)[]>([]);
	titleChoice = $state<Choice | null>(null);
	/** Conflicts about which nothing is chosen yet. */
	readonly open = $derived(this.choices.filter((choice) => choice === null).length + (this.titleChoice === null ? 1 : 0));
	readonly values = $derived.by((): NoteValues => {
		let at = 0;
		// Of what is not chosen yet both are there: nothing that was typed is lost.
		const lines = this.body.flatMap((part) => linesChosen(part, part.kind === 'conflict' ? (this.choices[at++] ?? 'both') : 'mine'));
		const title = linesChosen(this.title, this.titleChoice ?? 'mine').join(' ');
		return { title, body: lines.join('\n') };
	});

	constructor(
		readonly base: NoteValues,
		readonly mine: NoteValues,
		readonly theirs: NoteValues,
		/** Of theirs. */
		readonly version: number
	) {
		[this.title] = merge(base.title, mine.title, theirs.title) as [Part];
		this.body = merge(base.body, mine.body, theirs.body);
		this.choices = this.body.filter(({ kind }) => kind === 'conflict').map(() => null);
		if (this.title.kind === 'settled') this.titleChoice = 'mine';
	}

	/** So many stretches both changed. */
	get conflicts(): number {
		return this.choices.length + (this.title.kind === 'conflict' ? 1 : 0);
	}
}
