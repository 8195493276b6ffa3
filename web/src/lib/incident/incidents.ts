import type { IncidentNode, IncidentState, Node, Severity } from '$lib/api/types';

export const states: IncidentState[] = ['investigating', 'identified', 'fixing', 'monitoring', 'resolved'];
export const severities: Severity[] = ['minor', 'major', 'critical'];

export function isIncident(node: Node | null | undefined): node is IncidentNode {
	return node?.kind === 'incident' && node.incident !== null && node.incident !== undefined;
}

export function isOpen({ incident }: IncidentNode): boolean {
	return incident.state !== 'resolved';
}

/** Where it may go from this state: anywhere while it is open, and back when it is over. */
export function nextOf(state: IncidentState): IncidentState[] {
	return state === 'resolved' ? ['investigating'] : states.filter((next) => next !== state);
}

/** The newest first, as the server lists them. */
export function byBegin(a: IncidentNode, b: IncidentNode): number {
	return Date.parse(b.incident.started_at) - Date.parse(a.incident.started_at) || (a.id < b.id ? 1 : -1);
}

/** What a list of incidents is asked for. */
export interface Wanted {
	text: string;
	state: IncidentState | '';
	severity: Severity | '';
}

/** As it is now; which have the words in them, the server says. */
export function fits({ incident }: IncidentNode, { state, severity }: Omit<Wanted, 'text'>): boolean {
	return (!state || incident.state === state) && (!severity || incident.severity === severity);
}
