import { diff3MergeRegions } from 'node-diff3';
import { isTooAlike, linesOf } from './lines';

/** A stretch of three texts that go together: settled, by whom; or one that both changed, each in another way. */
export type Part =
	| { kind: 'settled'; by: 'none' | 'mine' | 'theirs'; lines: string[] }
	| { kind: 'conflict'; base: string[]; mine: string[]; theirs: string[] };

export type Choice = 'mine' | 'theirs' | 'both';

const same = (a: readonly string[], b: readonly string[]) => a.length === b.length && a.every((line, at) => line === b[at]);

/** What two made of one text, put together line by line; where both changed the same lines it is a conflict. */
export function merge(base: string, mine: string, theirs: string): Part[] {
	const [o, a, b] = [linesOf(base), linesOf(mine), linesOf(theirs)];
	if (isTooAlike(o, a) || isTooAlike(o, b)) return [asOne(o, a, b)];
	return diff3MergeRegions(a, o, b).map((region): Part => {
		if (!region.stable) return asOne(region.oContent, region.aContent, region.bContent);
		const by = region.buffer === 'a' ? 'mine' : region.buffer === 'b' ? 'theirs' : 'none';
		return { kind: 'settled', by, lines: region.bufferContent };
	});
}

function asOne(base: string[], mine: string[], theirs: string[]): Part {
	if (same(mine, theirs)) return { kind: 'settled', by: 'none', lines: mine };
	if (same(base, mine)) return { kind: 'settled', by: 'theirs', lines: theirs };
	if (same(base, theirs)) return { kind: 'settled', by: 'mine', lines: mine };
	return { kind: 'conflict', base, mine, theirs };
}

/** What a part comes to. */
export function linesChosen(part: Part, choice: Choice): string[] {
	if (part.kind === 'settled') return part.lines;
	return choice === 'both' ? [...part.mine, ...part.theirs] : part[choice];
}
