import type { Node, SystemNode, SystemOrder, SystemState, ViewFacet } from '$lib/api/types';
import { byTitle, placeOf } from '$lib/graph/nodes';

/** Which systems to show; what is empty takes all. As a view keeps it. */
export interface SystemFilter {
	text: string;
	states: SystemState[];
	groups: string[];
	environments: string[];
	/** Picked one by one: shown besides, whatever the rest says; without any of the rest, these alone. */
	systems: string[];
	order: SystemOrder;
}

export const states: SystemState[] = ['down', 'degraded', 'unknown', 'up'];
export const orders: SystemOrder[] = ['title', 'worst_first', 'newest_first'];
export const everything: SystemFilter = { text: '', states: [], groups: [], environments: [], systems: [], order: 'title' };

/** The filter that an address names; what it does not know it leaves out. (Systems are picked for a view alone.) */
export function filterOf(params: URLSearchParams): SystemFilter {
	const list = (name: string) => (params.get(name) ?? '').split(',').filter(Boolean);
	const order = orders.find((known) => known === params.get('order'));
	return {
		text: params.get('q') ?? '',
		states: states.filter((state) => list('state').includes(state)),
		groups: list('group'),
		environments: list('environment'),
		systems: [],
		order: order ?? 'title'
	};
}

/** The other way round: only what differs from showing everything. */
export function paramsOf({ text, states, groups, environments, order }: SystemFilter): URLSearchParams {
	const params = new URLSearchParams();
	const set = (name: string, value: string) => value && params.set(name, value);
	set('q', text.trim());
	set('state', states.join());
	set('group', groups.join());
	set('environment', environments.join());
	set('order', order === 'title' ? '' : order);
	return params;
}

export function isFiltered(filter: SystemFilter): boolean {
	return paramsOf({ ...filter, order: 'title' }).size > 0;
}

export function filterOfView(view: ViewFacet): SystemFilter {
	const { text, states, group_ids: groups, environment_ids: environments, system_ids: systems, order } = view;
	return { text: text ?? '', states, groups, environments, systems, order };
}

export function viewOf({ text, states, groups, environments, systems, order }: SystemFilter) {
	return { text: text.trim() || null, states, group_ids: groups, environment_ids: environments, system_ids: systems, order };
}

/** What the rows themselves don't tell. */
export interface Around {
	nodes: ReadonlyMap<string, Node>;
	/** Whether the system runs in one of these environments. */
	runsIn(system_id: string, environments: string[]): boolean;
}

/** The systems of a filter, in its order, as the server would select them. */
export function select(systems: SystemNode[], filter: SystemFilter, around: Around): SystemNode[] {
	const text = filter.text.trim().toLocaleLowerCase();
	const groups = new Set(filter.groups);
	const picked = new Set(filter.systems);
	const byRest = picked.size === 0 || isFiltered(filter);
	return systems
		.filter(
			(system) =>
				picked.has(system.id) ||
				(byRest &&
					(!text || system.title.toLocaleLowerCase().includes(text)) &&
					(filter.states.length === 0 || filter.states.includes(system.system.effective_state)) &&
					(groups.size === 0 || placeOf(system, around.nodes).some((place) => groups.has(place.id))) &&
					(filter.environments.length === 0 || around.runsIn(system.id, filter.environments)))
		)
		.sort(compare[filter.order]);
}

const weight: Record<SystemState, number> = { down: 0, degraded: 1, unknown: 2, up: 3 };

const compare: Record<SystemOrder, (a: SystemNode, b: SystemNode) => number> = {
	title: byTitle,
	worst_first: (a, b) => weight[a.system.effective_state] - weight[b.system.effective_state] || byTitle(a, b),
	newest_first: (a, b) => b.system.effective_since.localeCompare(a.system.effective_since) || byTitle(a, b)
};
