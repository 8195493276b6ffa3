import { describe, expect, it } from 'vitest';
import { fits, marked } from './words';

describe('fits', () => {
	it.each<[string, string, boolean]>([
		['Plan maintenance for Café Ålesund', 'plan cafe', true],
		['Plan maintenance for Café Ålesund', 'ÅLES pl', true],
		['Plan maintenance for Café Ålesund', 'lesund', false],
		['db-01.example', '01 db', true],
		['anything', '  ', true],
		['anything', '?!', true]
	])('%s, asked for %s: %s', (text, q, expected) => expect(fits(text, q)).toBe(expected));
});

describe('marked', () => {
	const shown = (text: string, q: string) =>
		marked(text, q)
			.map((part) => (part.hit ? `[${part.text}]` : part.text))
			.join('');

	it.each([
		['Café Ålesund', 'cafe al', '[Café] [Ål]esund'],
		['Checkout', 'ch check', '[Check]out'],
		['Checkout', '', 'Checkout'],
		['🚦 Signals', 'sig', '🚦 [Sig]nals'],
		['a-b', 'b', 'a-[b]']
	])('%s, asked for %s', (text, q, expected) => expect(shown(text, q)).toBe(expected));
});
