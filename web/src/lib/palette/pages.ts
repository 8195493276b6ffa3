import type { Component } from 'svelte';
import Announcements from '@lucide/svelte/icons/megaphone';
import Bell from '@lucide/svelte/icons/bell';
import Boards from '@lucide/svelte/icons/square-kanban';
import Cache from '@lucide/svelte/icons/database-zap';
import Channels from '@lucide/svelte/icons/messages-square';
import Connections from '@lucide/svelte/icons/plug';
import Deliveries from '@lucide/svelte/icons/send';
import Environments from '@lucide/svelte/icons/layers';
import Fences from '@lucide/svelte/icons/pentagon';
import Fleet from '@lucide/svelte/icons/truck';
import Health from '@lucide/svelte/icons/heart-pulse';
import Incidents from '@lucide/svelte/icons/siren';
import Jobs from '@lucide/svelte/icons/list-checks';
import Maintenances from '@lucide/svelte/icons/wrench';
import Notes from '@lucide/svelte/icons/notebook-text';
import Overview from '@lucide/svelte/icons/layout-dashboard';
import People from '@lucide/svelte/icons/users-round';
import Profile from '@lucide/svelte/icons/user-round';
import StatusPages from '@lucide/svelte/icons/panel-top';
import Stop from '@lucide/svelte/icons/power';
import Systems from '@lucide/svelte/icons/server';
import Telemetry from '@lucide/svelte/icons/satellite-dish';
import Views from '@lucide/svelte/icons/bookmark';
import { t } from '$lib/i18n/index.svelte';
import { session } from '$lib/state/session.svelte';

export interface Place {
	href: string;
	title: string;
	icon: Component;
}

/** The pages that the viewer has, as the navigation lists them. */
export function pages(): Place[] {
	return [
		{ href: '/', title: t.nav.overview, icon: Overview },
		{ href: '/systems', title: t.catalog.title, icon: Systems },
		{ href: '/fleet', title: t.fleet.title, icon: Fleet },
		...(session.person ? forPeople() : [{ href: '/sign-in', title: t.nav.signIn, icon: Profile }]),
		...(session.admin ? forAdmins() : [])
	];
}

const forPeople = (): Place[] => [
	{ href: '/channels', title: t.chat.title, icon: Channels },
	{ href: '/channels?tab=mentions', title: t.chat.mentions, icon: Channels },
	{ href: '/incidents', title: t.palette.incidents, icon: Incidents },
	{ href: '/maintenances', title: t.nav.maintenances, icon: Maintenances },
	{ href: '/boards', title: t.boards.title, icon: Boards },
	{ href: '/notes', title: t.notes.title, icon: Notes },
	{ href: '/fleet/fences', title: t.fence.title, icon: Fences },
	{ href: '/views', title: t.views.title, icon: Views },
	{ href: '/environments', title: t.environments.title, icon: Environments },
	{ href: '/people', title: t.nav.people, icon: People },
	{ href: '/announcements', title: t.palette.announcements, icon: Announcements },
	{ href: '/notifications', title: t.notify.title, icon: Bell },
	{ href: '/status-pages', title: t.statusPages.title, icon: StatusPages },
	{ href: '/connections', title: t.connections.title, icon: Connections },
	{ href: '/deliveries', title: t.deliveries.title, icon: Deliveries },
	{ href: '/account', title: t.nav.account, icon: Profile }
];

const forAdmins = (): Place[] => [
	{ href: '/admin/health', title: t.nav.health, icon: Health },
	{ href: '/admin/jobs', title: t.nav.jobs, icon: Jobs },
	{ href: '/admin/maintenance', title: t.nav.maintenance, icon: Stop },
	{ href: '/admin/telemetry', title: t.telemetry.title, icon: Telemetry },
	{ href: '/admin/cache', title: t.cache.title, icon: Cache }
];
