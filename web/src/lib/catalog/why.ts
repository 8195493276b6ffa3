import type { SystemNode } from '$lib/api/types';
import { isIll, mayHaveCause } from '$lib/graph/nodes';
import { t } from '$lib/i18n/index.svelte';
import { graph } from '$lib/state/app.svelte';
import { causes } from '$lib/state/causes.svelte';

/** Why a system is as it is: its own words, or those of where it began. */
export interface Why {
	text: string;
	/** Where it began: `text` is said in front of its name, `after` behind it. */
	cause?: { id: string; title: string };
	after?: string;
}

export function whyOf(node: SystemNode): Why | null {
	if (!mayHaveCause(node)) {
		const text = isIll(node.system.effective_state) || node.system.state === 'unknown' ? node.system.state_reason : null;
		return text ? { text } : null;
	}
	if (!causes.knows(node.id)) return null;
	const cause = causes.of(node.id);
	if (!cause) return { text: t.catalog.byIncident };
	if ('hidden' in cause) return { text: t.catalog.byHidden };
	const state = graph.nodes.get(cause.id)?.system?.effective_state;
	return { text: t.catalog.because, cause, after: state && isIll(state) ? t.catalog.is[state as 'down'] : t.catalog.fails };
}

/** The same in one line. */
export function whyText(node: SystemNode): string | null {
	const why = whyOf(node);
	return why && [why.text, why.cause?.title, why.after].filter(Boolean).join(' ');
}
