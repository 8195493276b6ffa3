import type { Node } from '$lib/api/types';
import type { SystemFilter } from '$lib/catalog/filter';
import { t } from '$lib/i18n/index.svelte';

/** What a view selects, in words and names. */
export function describe(filter: SystemFilter, nodes: ReadonlyMap<string, Node>): string {
	const names = (ids: string[]) => [...new Set(ids.map((id) => nodes.get(id)?.title ?? t.views.hidden))].join(', ');
	const parts = [
		filter.states.map((state) => t.state[state]).join(', '),
		filter.groups.length > 0 ? t.views.inGroups(names(filter.groups)) : '',
		filter.environments.length > 0 ? t.views.runningIn(names(filter.environments)) : '',
		filter.text ? t.views.titled(filter.text) : ''
	].filter(Boolean);
	const picked = filter.systems.length > 0 ? t.views.picked(filter.systems.length) : '';
	if (parts.length === 0) return picked || t.views.everything;
	return parts.join(' · ') + (picked ? t.views.besides(picked) : '');
}
