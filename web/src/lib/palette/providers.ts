import { goto } from '$app/navigation';
import { page } from '$app/state';
import { search } from '$lib/api/catalog';
import { hrefOf } from '$lib/graph/nodes';
import { placeText } from '$lib/catalog/places';
import { channelCommands } from '$lib/chat/palette';
import { t } from '$lib/i18n/index.svelte';
import { session } from '$lib/state/session.svelte';
import { actions } from './actions';
import { pages } from './pages';
import { opened } from './recent';
import { register } from './registry';
import { fits } from './words';

// What the shell itself brings. A module of its own registers beside its pages.

register({
	id: 'found',
	title: () => t.palette.found,
	async find(q, signal) {
		if (!q) return [];
		const { items } = await search({ q, limit: 7 }, signal);
		// Synops itself is a node too; its page is for administrators. Channels stand by themselves.
		const seen = items.filter(({ kind }) => (kind === 'instance' ? session.admin : kind !== 'channel' || !session.person));
		return seen.map((hit) => ({
			id: hit.id,
			title: hit.title,
			kind: hit.kind,
			hint: hit.parent_title,
			snippet: hit.snippet,
			run: () => goto(hrefOf(hit))
		}));
	}
});

register({
	id: 'recent',
	title: () => t.palette.recent,
	async find(q) {
		if (q) return [];
		const nodes = (await opened()).filter((node) => hrefOf(node) !== page.url.pathname);
		return nodes.slice(0, 5).map((node) => ({
			id: `recent.${node.id}`,
			title: node.title,
			kind: node.kind,
			hint: placeText(node),
			run: () => goto(hrefOf(node))
		}));
	}
});

register(channelCommands);

register({ id: 'actions', title: () => t.palette.actions, find: (q) => actions(q) });

register({
	id: 'pages',
	title: () => t.palette.pages,
	find: (q) =>
		pages()
			.filter(({ title }) => fits(title, q))
			.map(({ href, ...rest }) => ({ ...rest, id: href, run: () => goto(href) }))
});
