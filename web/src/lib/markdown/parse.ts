import { Lexer, type Token, type Tokens } from 'marked';

/** Text with marks in it, such as the words of a paragraph. */
export type Inline =
	| { type: 'text'; text: string }
	| { type: 'code'; text: string }
	| { type: 'strong'; children: Inline[] }
	| { type: 'em'; children: Inline[] }
	| { type: 'del'; children: Inline[] }
	| { type: 'link'; href: string; children: Inline[] }
	/** A node, by what its writer called it; only where such links were asked for. */
	| { type: 'node'; id: string; label: string }
	| { type: 'br' };

export interface Item {
	/** Of a task: whether it is done; else null. */
	done: boolean | null;
	children: Block[];
}

export type Block =
	| { type: 'heading'; depth: number; children: Inline[] }
	| { type: 'paragraph'; children: Inline[] }
	| { type: 'code'; text: string }
	| { type: 'quote'; children: Block[] }
	| { type: 'list'; start: number | null; items: Item[] }
	| { type: 'table'; head: Inline[][]; rows: Inline[][][] }
	| { type: 'rule' };

/** Deeper than this the source is shown as it is: nobody writes it, and each level costs stack. */
const depth_max = 12;

/** The lexer takes a call for each level, and looks at the rest of the line once per level: time and stack that a page does not have. */
const too_deep = /^(?:[ \t]*(?:>|[-+*][ \t]|\d{1,9}[.)][ \t])){51}/m;
/** It looks from each space of a run for its end: many thousands take it minutes. */
const too_wide = / {500}/;
/** For each mark that may open something it looks through those behind it: many thousands in one paragraph take it seconds. */
const marks_max = 1_000;

class Words extends Lexer {
	override inlineTokens(text: string, tokens: Token[] = []): Token[] {
		if ((text.match(/[*_~]+|`+|\[/g)?.length ?? 0) <= marks_max) return super.inlineTokens(text, tokens);
		for (const [at, line] of text.split('\n').entries()) {
			if (at > 0) tokens.push({ type: 'br', raw: '\n' });
			tokens.push({ type: 'text', raw: line, text: line });
		}
		return tokens;
	}
}

/** How deep it is, and whether links to nodes are told apart: else they are their words. */
interface Way {
	depth: number;
	nodes: boolean;
}

/**
 * What Markdown says, as data: the page makes its own elements of it, so nothing in a text can ever
 * be an element, an attribute or a script of its writer's. HTML in it is text like any other.
 * `nodes`: a link `[Checkout](node:<uuid>)` is a node.
 */
export function parse(markdown: string, { nodes = false } = {}): Block[] {
	if (too_deep.test(markdown) || too_wide.test(markdown)) return asItIs(markdown);
	try {
		return blocks(new Words({ gfm: true, breaks: true }).lex(markdown), { depth: 0, nodes });
	} catch (cause) {
		if (cause instanceof RangeError) return asItIs(markdown); // deeper than there is stack, in another way
		throw cause;
	}
}

const asItIs = (text: string): Block[] => [{ type: 'code', text }];

/** Only addresses that lead somewhere; those that could act on the page are no links. */
export function safeHref(href: string): string | null {
	return /^(https?:\/\/|mailto:|\/(?!\/)|#)/i.test(href.trim()) ? href.trim() : null;
}

/** The node that an address names, and nothing else beside it. */
export function nodeIn(href: string): string | null {
	return /^node:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i.exec(href)?.[1]?.toLowerCase() ?? null;
}

/** What is left of it without marks. */
function plain(parts: Inline[]): string {
	return parts
		.map((part) => {
			if (part.type === 'br') return ' ';
			if (part.type === 'node') return part.label;
			return 'text' in part ? part.text : plain(part.children);
		})
		.join('');
}

/** What Markdown says, without its marks, on one line. */
export function wordsOf(markdown: string): string {
	const said = (block: Block): string => {
		switch (block.type) {
			case 'heading':
			case 'paragraph':
				return plain(block.children);
			case 'code':
				return block.text;
			case 'quote':
				return block.children.map(said).join(' ');
			case 'list':
				return block.items.flatMap(({ children }) => children.map(said)).join(' ');
			case 'table':
				return [block.head, ...block.rows].flat().map(plain).join(' ');
			case 'rule':
				return '';
		}
	};
	return parse(markdown, { nodes: true }).map(said).join(' ').replaceAll(/\s+/g, ' ').trim();
}

const deeper = ({ depth, nodes }: Way): Way => ({ depth: depth + 1, nodes });

function blocks(tokens: Token[], way: Way): Block[] {
	return tokens.flatMap((token) => block(token, deeper(way)));
}

function block(token: Token, way: Way): Block[] {
	if (way.depth > depth_max) return [{ type: 'code', text: token.raw }];
	switch (token.type) {
		case 'space':
		case 'def':
			return [];
		case 'heading':
			return [{ type: 'heading', depth: (token as Tokens.Heading).depth, children: inline(within(token), way) }];
		case 'code':
			return [{ type: 'code', text: (token as Tokens.Code).text }];
		case 'blockquote':
			return [{ type: 'quote', children: blocks(within(token) ?? [], way) }];
		case 'hr':
			return [{ type: 'rule' }];
		case 'list':
			return [list(token as Tokens.List, way)];
		case 'table': {
			const { header, rows } = token as Tokens.Table;
			const cells = (row: Tokens.TableCell[]) => row.map((cell) => inline(cell.tokens, way));
			return [{ type: 'table', head: cells(header), rows: rows.map(cells) }];
		}
		default:
			return [{ type: 'paragraph', children: inline(within(token) ?? [token], way) }];
	}
}

function within(token: Token): Token[] | undefined {
	return 'tokens' in token ? token.tokens : undefined;
}

function list(token: Tokens.List, way: Way): Block {
	const items = token.items.map((item) => ({
		done: item.task ? item.checked === true : null,
		// The box of a task is told by `done`.
		children: blocks(item.tokens.filter((part) => part.type !== 'checkbox'), way)
	}));
	return { type: 'list', start: token.ordered ? Number(token.start || 1) : null, items };
}

function inline(tokens: Token[] | undefined, way: Way): Inline[] {
	return (tokens ?? []).flatMap((token): Inline[] => {
		if (way.depth > depth_max) return [{ type: 'text', text: token.raw }];
		const children = () => inline(within(token), deeper(way));
		switch (token.type) {
			case 'strong':
			case 'em':
			case 'del':
				return [{ type: token.type, children: children() }];
			case 'codespan':
				return [{ type: 'code', text: (token as Tokens.Codespan).text }];
			case 'br':
				return [{ type: 'br' }];
			case 'checkbox':
				return [];
			case 'escape':
				return [{ type: 'text', text: (token as Tokens.Escape).text }];
			case 'link': {
				const address = (token as Tokens.Link).href;
				const id = way.nodes ? nodeIn(address) : null;
				if (id) return [{ type: 'node', id, label: plain(children()) }];
				const href = safeHref(address);
				return href ? [{ type: 'link', href, children: children() }] : children();
			}
			// A picture would tell its server who looks at the page.
			case 'image': {
				const { href, text } = token as Tokens.Image;
				const safe = safeHref(href);
				const words: Inline = { type: 'text', text: text || href };
				return safe ? [{ type: 'link', href: safe, children: [words] }] : [words];
			}
			case 'text':
				return within(token) ? children() : [{ type: 'text', text: (token as Tokens.Text).text }];
			default:
				return [{ type: 'text', text: token.raw }];
		}
	});
}
