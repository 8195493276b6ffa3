import { incidentsBySystems, maintenancesBySystems } from '$lib/api/catalog';
import type { IncidentNode, MaintenanceNode } from '$lib/api/types';
import { isIncident } from '$lib/incident/incidents';
import { isMaintenance } from '$lib/maintenance/maintenances';
import { graph } from '$lib/state/app.svelte';
import { Soon } from '$lib/state/soon';

const pause_ms = 300;
const most = 500;

/** The open incidents and the maintenances under way of some systems. Their nodes come by the graph. */
export class Affairs {
	private incidents = $state.raw<Record<string, string[]>>({});
	private maintenances = $state.raw<Record<string, string[]>>({});
	/** Whether they were read once. */
	known = $state(false);
	private turn = 0;

	incidentsOf(ids: string[]): IncidentNode[] {
		return nodesOf(ids, this.incidents).filter(isIncident).filter(({ incident }) => incident.state !== 'resolved');
	}
	maintenancesOf(ids: string[]): MaintenanceNode[] {
		return nodesOf(ids, this.maintenances).filter(isMaintenance);
	}

	/** For an effect: reads now, and soon after something has changed. */
	follow(ids: string[]): () => void {
		const soon = new Soon(() => void this.read(ids), pause_ms);
		void this.read(ids);
		$effect(() => {
			void graph.stirred;
			soon.ask();
		});
		return () => soon.stop();
	}

	private async read(all: string[]): Promise<void> {
		const turn = ++this.turn;
		const ids = all.slice(0, most);
		if (ids.length === 0) return;
		try {
			const [incidents, maintenances] = await Promise.all([
				incidentsBySystems(ids),
				maintenancesBySystems(ids, { active: true })
			]);
			if (turn !== this.turn) return;
			this.incidents = Object.fromEntries(incidents.items.map((item) => [item.system_id, item.incident_ids]));
			this.maintenances = Object.fromEntries(maintenances.items.map((item) => [item.system_id, item.maintenance_ids]));
			this.known = true;
		} catch {
			// What was read before stays; the next change asks again.
		}
	}
}

function nodesOf(ids: string[], by: Record<string, string[]>) {
	const found = new Set(ids.flatMap((id) => by[id] ?? []));
	return [...found].flatMap((id) => graph.nodes.get(id) ?? []);
}
