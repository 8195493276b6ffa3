import type { Node, SystemNode } from '$lib/api/types';
import { byPosition, byTitle, placeOf, shownState } from '$lib/graph/nodes';

export type Order = 'place' | 'problems';

export interface Section {
	key: string;
	/** The places it is in, outermost first; empty for the one list of "problems first". */
	path: Node[];
	ids: string[];
}

const weight = { down: 0, degraded: 1, unknown: 2, up: 3, paused: 4 };

/** Systems under the place they are in: workspace, then group, each by title. */
export function byPlace(systems: SystemNode[], nodes: ReadonlyMap<string, Node>): Section[] {
	const sections = new Map<string, Section>();
	for (const system of [...systems].sort(byTitle)) {
		const key = system.parent_id ?? '';
		let section = sections.get(key);
		if (!section) {
			section = { key, path: placeOf(system, nodes), ids: [] };
			sections.set(key, section);
		}
		section.ids.push(system.id);
	}
	return [...sections.values()].sort(bySectionPath);
}

function bySectionPath(a: Section, b: Section): number {
	for (let depth = 0; depth < Math.max(a.path.length, b.path.length); depth++) {
		const left = a.path[depth];
		const right = b.path[depth];
		if (!left || !right) return left ? 1 : -1;
		if (left.id !== right.id) return byPosition(left, right);
	}
	return 0;
}

/** One list: what is down, then degraded, then the rest. */
export function problemsFirst(systems: SystemNode[]): Section[] {
	const sorted = [...systems].sort(
		(a, b) => weight[shownState(a)] - weight[shownState(b)] || byTitle(a, b)
	);
	return sorted.length ? [{ key: 'all', path: [], ids: sorted.map((system) => system.id) }] : [];
}

/**
 * The order to show, given the one on the screen: systems that are already
 * there keep their place, gone ones leave, new ones come last. Nothing jumps
 * under the pointer because a state changed.
 */
export function held(shown: string[], wanted: string[]): string[] {
	const there = new Set(wanted);
	const before = new Set(shown);
	return [...shown.filter((id) => there.has(id)), ...wanted.filter((id) => !before.has(id))];
}
