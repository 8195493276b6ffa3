import type { Component } from 'svelte';
import Check from '@lucide/svelte/icons/rotate-cw';
import Dark from '@lucide/svelte/icons/moon';
import Device from '@lucide/svelte/icons/monitor';
import Incident from '@lucide/svelte/icons/siren';
import Leave from '@lucide/svelte/icons/log-out';
import Light from '@lucide/svelte/icons/sun';
import Maintenance from '@lucide/svelte/icons/wrench';
import Plus from '@lucide/svelte/icons/plus';
import { toast } from 'svelte-sonner';
import { goto } from '$app/navigation';
import { checkNow, signOut, updateMe } from '$lib/api/calls';
import { asApiError } from '$lib/api/problem';
import type { Node, Theme } from '$lib/api/types';
import { placeText } from '$lib/catalog/places';
import { byTitle, isSystem } from '$lib/graph/nodes';
import { t } from '$lib/i18n/index.svelte';
import { becomeAnew } from '$lib/state/app.svelte';
import { may, queries } from '$lib/state/queries.svelte';
import { session } from '$lib/state/session.svelte';
import { theme } from '$lib/state/theme.svelte';
import type { Command } from './registry';
import { fits } from './words';

/** Things of one name are enough: who types on gets to the right one. */
const most_things = 3;

/** What can be done: in general, and with what is named. */
export function actions(q: string): Command[] {
	const general = [...making(), ...own()].filter(({ title }) => fits(title, q));
	return q ? [...withThings(q), ...general] : general.slice(0, 4);
}

const link = (href: string, title: string, icon: Component): Command => ({ id: `do ${href}`, title, icon, run: () => goto(href) });

function making(): Command[] {
	const writes = queries.places.length > 0;
	return [
		...(writes
			? [
					link('/incidents/new', t.catalog.openIncident, Incident),
					link('/maintenances/new', t.maintenance.plan, Maintenance),
					link('/channels/new', t.chat.new, Plus),
					link('/boards/new', t.boards.new, Plus),
					link('/notes/new', t.notes.new, Plus),
					link('/systems/new', t.overview.newSystem, Plus),
					link('/groups/new', t.workspace.newGroup, Plus),
					link('/views/new', t.views.new, Plus),
					link('/environments/new', t.environments.new, Plus),
					link('/fleet/new', t.fleet.newDevice, Plus),
					link('/fleet/fences/new', t.fence.newOne, Plus)
				]
			: []),
		...(session.admin
			? [
					link('/workspaces/new', t.nav.newWorkspace, Plus),
					link('/people/new', t.people.newPerson, Plus),
					link('/teams/new', t.people.newTeam, Plus)
				]
			: [])
	];
}

function own(): Command[] {
	const themes: [Theme, string, Component][] = [
		['light', t.palette.themeLight, Light],
		['dark', t.palette.themeDark, Dark],
		['system', t.palette.themeSystem, Device]
	];
	return [
		...themes
			.filter(([value]) => value !== theme.value)
			.map(([value, title, icon]) => ({ id: `theme ${value}`, title, icon, run: () => choose(value) })),
		...(session.person ? [{ id: 'sign out', title: t.nav.signOut, icon: Leave, run: leave }] : [])
	];
}

/** Each with the name of the system or group, so that "plan db" finds it. */
function withThings(q: string): Command[] {
	const things = [...queries.systems, ...queries.groups].filter((node) => may(node, 'member')).sort(byTitle);
	const of = (title: (name: string) => string, fitting: Node[], make: (node: Node) => Omit<Command, 'title' | 'hint' | 'id'>) =>
		fitting
			.filter((node) => fits(title(node.title), q) && !fits(title(''), q))
			.slice(0, most_things)
			.map((node) => ({ id: `${title('')} ${node.id}`, title: title(node.title), hint: placeText(node), ...make(node) }));
	const checked = things.filter((node) => isSystem(node) && node.system.enabled && node.system.check);
	return [
		...of(t.palette.planFor, things, ({ id }) => ({ icon: Maintenance, run: () => goto(`/maintenances/new?affects=${id}`) })),
		...of(t.palette.incidentFor, things, ({ id }) => ({ icon: Incident, run: () => goto(`/incidents/new?affects=${id}`) })),
		...of(t.palette.checkNow, checked, ({ id }) => ({ icon: Check, run: () => told(checkNow(id), t.system.checkAsked) }))
	];
}

async function choose(value: Theme): Promise<void> {
	theme.set(value);
	if (session.person) await told(updateMe({ preferences: { theme: value } }));
}

async function leave(): Promise<void> {
	if (!(await told(signOut()))) return;
	await goto('/sign-in');
	await becomeAnew();
}

/** Whether it was done; if not it is said why. */
async function told(call: Promise<unknown>, done?: string): Promise<boolean> {
	try {
		await call;
		if (done) toast.success(done);
		return true;
	} catch (cause) {
		const { code, detail } = asApiError(cause);
		const known: unknown = t.problem[code as 'invalid'];
		toast.error(typeof known === 'string' ? known : (detail ?? t.problem.invalid));
		return false;
	}
}
