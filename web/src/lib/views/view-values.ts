import type { Intention, Node, SystemOrder, ViewNode } from '$lib/api/types';
import { everything, filterOfView, orders, states, viewOf, type SystemFilter } from '$lib/catalog/filter';

export function isView(node: Node | null | undefined): node is ViewNode {
	return node?.kind === 'view' && node.view !== undefined;
}

/** A view's fields as the form has them; lists are joined, so that two versions can be compared. */
export type ViewValues = {
	title: string;
	body: string;
	text: string;
	states: string;
	groups: string;
	environments: string;
	systems: string;
	order: SystemOrder;
};

const listOf = (joined: string) => joined.split(',').filter(Boolean);

export function valuesOf(title: string, body: string, filter: SystemFilter): ViewValues {
	const { text, states, groups, environments, systems, order } = filter;
	const joined = { states: states.join(), groups: groups.join(), environments: environments.join(), systems: systems.join() };
	return { title, body, text, ...joined, order };
}

export function readView(node: Node): ViewValues {
	return valuesOf(node.title, node.body, node.view ? filterOfView(node.view) : everything);
}

export function filterIn(values: ViewValues): SystemFilter {
	return {
		text: values.text,
		states: states.filter((state) => listOf(values.states).includes(state)),
		groups: listOf(values.groups),
		environments: listOf(values.environments),
		systems: listOf(values.systems),
		order: orders.find((known) => known === values.order) ?? 'title'
	};
}

/** The intention that the changed fields make up; a selection is always sent whole. */
export function writeView(changed: Partial<ViewValues>, values: ViewValues): Partial<Intention> {
	const { title, body, ...filter } = changed;
	return {
		type: 'update_view',
		...(title !== undefined ? { title: title.trim() } : {}),
		...(body !== undefined ? { body } : {}),
		...(Object.keys(filter).length > 0 ? { view: viewOf(filterIn(values)) } : {})
	};
}
