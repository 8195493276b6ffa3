import type { Cause, SystemNode } from '$lib/api/types';
import { byTitle, isIll, mayHaveCause } from '$lib/graph/nodes';

/** One failure with all that it takes along: one story, not a storm. */
export interface Story {
	/** The id of where it began, or `hidden`. */
	key: string;
	/** Where it began; null where that may not be seen, or is not known to this page. */
	root: SystemNode | null;
	/** The name of where it began, if that is all that is known of it. */
	title: string | null;
	/** What is unwell because of it. */
	hit: SystemNode[];
	state: 'down' | 'degraded';
	/** Since when, as far as one sees it. */
	since: string;
}

/**
 * The stories behind systems that are unwell. `causeOf` is undefined where that
 * is not known yet: such a system waits for it rather than be told of twice.
 */
export function storiesOf(
	problems: SystemNode[],
	causeOf: (id: string) => Cause | null | undefined,
	find: (id: string) => SystemNode | undefined
): Story[] {
	const hits = new Map<string, { title: string | null; hit: SystemNode[] }>();
	for (const system of problems) {
		const cause = mayHaveCause(system) ? causeOf(system.id) : null;
		if (cause === undefined) continue;
		const at = !cause ? { key: system.id, title: null } : 'hidden' in cause ? { key: 'hidden', title: null } : { key: cause.id, title: cause.title };
		const story = hits.get(at.key) ?? { title: at.title, hit: [] };
		story.title ??= at.title;
		if (cause) story.hit.push(system);
		hits.set(at.key, story);
	}
	return [...hits].map(([key, { title, hit }]) => {
		const root = find(key) ?? null;
		const all = root && isIll(root.system.effective_state) ? [root, ...hit] : hit;
		return {
			key,
			root,
			title,
			hit: hit.sort(byTitle),
			state: (root ? [root] : all).some(({ system }) => system.effective_state === 'down') ? 'down' : 'degraded',
			since: all.map(({ system }) => system.effective_since).sort()[0] ?? ''
		} satisfies Story;
	});
}

/** What is down before what is degraded, the latest first. */
export function worstFirst(stories: Story[]): Story[] {
	return [...stories].sort(
		(a, b) => Number(b.state === 'down') - Number(a.state === 'down') || b.since.localeCompare(a.since) || a.key.localeCompare(b.key)
	);
}
