/** A text as it is compared: without case and accents. Letters stay where they are. */
const folded = (text: string) => [...text].map(fold).join('');

function fold(letter: string): string {
	const plain = (letter.normalize('NFD')[0] ?? letter).toLowerCase();
	return plain.length === letter.length ? plain : letter;
}

const wordsOf = (text: string) => [...folded(text).matchAll(/[\p{L}\p{N}]+/gu)].map((found) => ({ word: found[0], at: found.index }));

/** Whether each word of `q` begins a word of the text: the search on the server asks the same. */
export function fits(text: string, q: string): boolean {
	const words = wordsOf(text);
	return wordsOf(q).every(({ word: wanted }) => words.some(({ word }) => word.startsWith(wanted)));
}

/** A text in parts: those that were asked for, and the rest. */
export function marked(text: string, q: string): { text: string; hit: boolean }[] {
	const wanted = wordsOf(q).map(({ word }) => word);
	const parts: { text: string; hit: boolean }[] = [];
	let from = 0;
	const add = (to: number, hit: boolean) => {
		if (to > from) parts.push({ text: text.slice(from, to), hit });
		from = Math.max(from, to);
	};
	for (const { word, at } of wordsOf(text)) {
		const longest = Math.max(0, ...wanted.filter((one) => word.startsWith(one)).map((one) => one.length));
		if (longest === 0) continue;
		add(at, false);
		add(at + longest, true);
	}
	add(text.length, false);
	return parts;
}
