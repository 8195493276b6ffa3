import { isGrant } from '$lib/access/grants';
import type { Activity, EdgeKind, NodeKind, SystemState } from '$lib/api/types';
import { t } from '$lib/i18n/index.svelte';

const actions = [
	'create_node',
	'update_node',
	'move_node',
	'delete_node',
	'set_scope',
	'create_edge',
	'update_edge',
	'delete_edge',
	'check_now',
	'create_token',
	'revoke_token',
	'enqueue_job',
	'cancel_job',
	'retry_job',
	'pause_jobs',
	'resume_jobs',
	'create_job_schedule',
	'update_job_schedule',
	'delete_job_schedule',
	'edit_dead_letter',
	'replay_dead_letters',
	'discard_dead_letters',
	'plan_maintenance',
	'update_maintenance',
	'extend_maintenance',
	'start_maintenance',
	'end_maintenance',
	'close_maintenance',
	'cancel_maintenance',
	'advance_maintenance',
	'add_maintenance_update',
	'create_series',
	'update_series',
	'end_series',
	'create_connection',
	'update_connection',
	'set_connection_templates',
	'test_connection',
	'subscribe',
	'change_subscription',
	'unsubscribe',
	'create_status_page',
	'update_status_page',
	'set_status_page_entries',
	'delete_follower',
	'open_incident',
	'open_due_incident',
	'update_incident',
	'acknowledge_incident',
	'resolve_incident',
	'resolve_due_incident',
	'add_incident_update',
	'edit_update',
	'create_announcement',
	'update_announcement',
	'order_announcements',
	'advance_announcement',
	'order_groups',
	'create_device',
	'update_device',
	'create_geofence',
	'update_geofence',
	'mark_positions',
	'retell_device',
	'send_command',
	'create_view',
	'update_view',
	'add_contact',
	'update_mailbox',
	'create_channel',
	'update_channel',
	'send_message',
	'edit_message',
	'delete_message',
	'react',
	'pin_message',
	'promote_message',
	'create_column',
	'move_column',
	'create_card',
	'move_card'
] as const;

/**
 * What was done, as a verb: before the name of what it was done to, or alone
 * (`here`) in that thing's own history. An action this page does not know is
 * shown by its name.
 */
export function actionText({ action }: Pick<Activity, 'action'>, here: boolean): string {
	const known = actions.find((name) => name === action);
	if (!known) return action.replaceAll(/[_.]/g, ' ');
	return here ? t.didHere[known] : t.did[known];
}

const states: SystemState[] = ['up', 'degraded', 'down', 'unknown'];

/** The state that a check gave a system, and why; null for anything else. */
export function stateChange(item: Activity): { to: SystemState; reason: string | null } | null {
	const { to, reason } = item.summary as Record<string, unknown>;
	const state = item.action === 'set_state' && states.find((known) => known === to);
	return state ? { to: state, reason: typeof reason === 'string' ? reason : null } : null;
}

const edge_actions = { create_edge: 'create', add_contact: 'create', update_edge: 'update', delete_edge: 'delete' } as const;

/** What was done to an edge, and what it leads (or led) to: "linked" X "to" Y; null for anything else. */
export function edgeChange(
	item: Activity
): { verb: string; with: string; target: NonNullable<Activity['node']> } | null {
	const { edge, target } = item.summary as { edge?: EdgeKind; target?: Partial<NonNullable<Activity['node']>> };
	const action = edge_actions[item.action as keyof typeof edge_actions];
	if (!action || !edge || !target?.id || !target.kind || !target.title) return null;
	const { id, kind, title } = target;
	return { ...t.didEdge[aboutOf(edge, kind)][action], target: { id, kind, title } };
}

function aboutOf(edge: EdgeKind, target: NodeKind): keyof typeof t.didEdge {
	if (edge === 'contact_of') return 'contact';
	if (edge === 'runs_in') return 'runs';
	if (!isGrant(edge)) return 'link';
	return target === 'team' ? 'member' : 'grant';
}
