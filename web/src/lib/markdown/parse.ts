import { Lexer, type Token, type Tokens } from 'marked';

/** Text with marks in it, such as the words of a paragraph. */
export type Inline =
	| { type: 'text'; text: string }
	| { type: 'code'; text: string }
	| { type: 'strong'; children: Inline[] }
	| { type: 'em'; children: Inline[] }
	| { type: 'del'; children: Inline[] }
	| { type: 'link'; href: string; children: Inline[] }
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

/**
 * What Markdown says, as data: the page makes its own elements of it, so nothing in a text can ever
 * be an element, an attribute or a script of its writer's. HTML in it is text like any other.
 */
export function parse(markdown: string): Block[] {
	return blocks(new Lexer({ gfm: true, breaks: true }).lex(markdown), 0);
}

/** Only addresses that lead somewhere; those that could act on the page are no links. */
export function safeHref(href: string): string | null {
	return /^(https?:\/\/|mailto:|\/(?!\/)|#)/i.test(href.trim()) ? href.trim() : null;
}

function blocks(tokens: Token[], depth: number): Block[] {
	return tokens.flatMap((token) => block(token, depth + 1));
}

function block(token: Token, depth: number): Block[] {
	if (depth > depth_max) return [{ type: 'code', text: token.raw }];
	switch (token.type) {
		case 'space':
		case 'def':
			return [];
		case 'heading':
			return [{ type: 'heading', depth: (token as Tokens.Heading).depth, children: inline(within(token), depth) }];
		case 'code':
			return [{ type: 'code', text: (token as Tokens.Code).text }];
		case 'blockquote':
			return [{ type: 'quote', children: blocks(within(token) ?? [], depth) }];
		case 'hr':
			return [{ type: 'rule' }];
		case 'list':
			return [list(token as Tokens.List, depth)];
		case 'table': {
			const { header, rows } = token as Tokens.Table;
			const cells = (row: Tokens.TableCell[]) => row.map((cell) => inline(cell.tokens, depth));
			return [{ type: 'table', head: cells(header), rows: rows.map(cells) }];
		}
		default:
			return [{ type: 'paragraph', children: inline(within(token) ?? [token], depth) }];
	}
}

function within(token: Token): Token[] | undefined {
	return 'tokens' in token ? token.tokens : undefined;
}

function list(token: Tokens.List, depth: number): Block {
	const items = token.items.map((item) => ({
		done: item.task ? item.checked === true : null,
		// The box of a task is told by `done`.
		children: blocks(item.tokens.filter((part) => part.type !== 'checkbox'), depth)
	}));
	return { type: 'list', start: token.ordered ? Number(token.start || 1) : null, items };
}

function inline(tokens: Token[] | undefined, depth: number): Inline[] {
	return (tokens ?? []).flatMap((token): Inline[] => {
		if (depth > depth_max) return [{ type: 'text', text: token.raw }];
		const children = () => inline(within(token), depth + 1);
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
				const href = safeHref((token as Tokens.Link).href);
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
