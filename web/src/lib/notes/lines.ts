import { diffComm } from 'node-diff3';

/** Two texts with more pairs of like lines than these are told apart as a whole: finding out takes time for each pair. */
export const like_pairs_max = 2_000_000;

/** Whatever ends them: a text field knows but one end. */
export const linesOf = (text: string): string[] => text.split(/\r\n|\r|\n/);

/** Whether comparing them line by line is too much. */
export function isTooAlike(a: readonly string[], b: readonly string[]): boolean {
	const counts = new Map<string, number>();
	for (const line of a) counts.set(line, (counts.get(line) ?? 0) + 1);
	let pairs = 0;
	for (const line of b) pairs += counts.get(line) ?? 0;
	return pairs > like_pairs_max;
}

export interface Line {
	/** What became of it, from the one text to the other. */
	how: 'same' | 'gone' | 'new';
	text: string;
}

/** What became of a text, line by line. */
export function diffLines(before: string, after: string): Line[] {
	const [a, b] = [linesOf(before), linesOf(after)];
	const parts = isTooAlike(a, b) ? [{ buffer1: a, buffer2: b }] : diffComm(a, b);
	const lines = (how: Line['how'], texts: string[]) => texts.map((text): Line => ({ how, text }));
	return parts.flatMap((part) =>
		'common' in part && part.common ? lines('same', part.common) : [...lines('gone', part.buffer1 ?? []), ...lines('new', part.buffer2 ?? [])]
	);
}

/** Unchanged lines around what changed; the rest of them is only counted. */
export type Piece = Line | { how: 'skipped'; count: number };

export function folded(lines: Line[], around: number): Piece[] {
	const near = lines.map((_, at) => lines.slice(Math.max(0, at - around), at + around + 1).some(({ how }) => how !== 'same'));
	const pieces: Piece[] = [];
	lines.forEach((line, at) => {
		const last = pieces.at(-1);
		if (near[at]) pieces.push(line);
		else if (last?.how === 'skipped') last.count++;
		else pieces.push({ how: 'skipped', count: 1 });
	});
	return pieces;
}
