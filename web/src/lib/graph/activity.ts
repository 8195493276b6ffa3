import type { Activity } from '$lib/api/types';
import { t } from '$lib/i18n/index.svelte';

const actions = [
	'create_node',
	'update_node',
	'move_node',
	'delete_node',
	'set_scope',
	'create_edge',
	'update_edge',
	'delete_edge'
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
