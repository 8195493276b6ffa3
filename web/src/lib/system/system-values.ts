import type { Check, Node, SystemInput } from '$lib/api/types';

/** A system's fields as the form has them: flat, one per input. */
export type SystemValues = {
	title: string;
	body: string;
	enabled: boolean;
	interval_s: number;
	timeout_ms: number;
	failures_to_down: number;
	/** `none`: it is not checked. */
	type: Check['type'] | 'none';
	url: string;
	address: string;
	expect_status: string;
	expect_text: string;
	password: string;
	/** Whether an incident comes by itself, after so many minutes. */
	rule: boolean;
	rule_after_min: number;
	incident_auto_resolve: boolean;
};

export const fresh: SystemValues = {
	title: '',
	body: '',
	enabled: true,
	interval_s: 30,
	timeout_ms: 5000,
	failures_to_down: 3,
	type: 'http',
	url: '',
	address: '',
	expect_status: '200-299',
	expect_text: '',
	password: '',
	rule: false,
	rule_after_min: 5,
	incident_auto_resolve: false
};

export function readSystem(node: Node): SystemValues {
	const values = { ...fresh, title: node.title, body: node.body };
	if (!node.system) return values;
	const { enabled, interval_s, timeout_ms, failures_to_down, check } = node.system;
	Object.assign(values, { enabled, interval_s, timeout_ms, failures_to_down, type: check?.type ?? 'none' });
	const { incident_after_s, incident_auto_resolve } = node.system;
	Object.assign(values, { rule: incident_after_s !== null, incident_auto_resolve });
	if (incident_after_s !== null) values.rule_after_min = incident_after_s / 60;
	if (!check) return values;
	if (check.type === 'tcp') values.address = check.address;
	else values.url = check.url;
	if (check.type === 'http') {
		values.expect_status = check.expect_status ?? fresh.expect_status;
		values.expect_text = check.expect_text ?? '';
	}
	return values;
}

export function checkOf(values: SystemValues): Check | null {
	switch (values.type) {
		case 'http': {
			const { url, expect_status, expect_text } = values;
			return { type: 'http', url: url.trim(), expect_status, expect_text: expect_text || null };
		}
		case 'tcp':
			return { type: 'tcp', address: values.address.trim() };
		case 'postgres':
			return { type: 'postgres', url: values.url.trim() };
		case 'none':
			return null;
	}
}

/** After how many seconds of being down an incident comes; null: never. */
export function ruleOf({ rule, rule_after_min }: SystemValues): number | null {
	return rule ? Math.round(rule_after_min * 60) : null;
}

const facet_keys = ['enabled', 'interval_s', 'timeout_ms', 'failures_to_down'] as const;
const check_keys = ['type', 'url', 'address', 'expect_status', 'expect_text'] as const;

/** What of an intention the changed fields make up; a check is always sent whole. */
export function writeSystem(changed: Partial<SystemValues>, values: SystemValues) {
	const system: SystemInput = {};
	for (const key of facet_keys) if (key in changed) Object.assign(system, { [key]: values[key] });
	if (check_keys.some((key) => key in changed)) system.check = checkOf(values);
	if ('rule' in changed || 'rule_after_min' in changed) system.incident_after_s = ruleOf(values);
	if ('incident_auto_resolve' in changed) system.incident_auto_resolve = values.incident_auto_resolve;
	if (changed.password) system.password = changed.password;
	return {
		...('title' in changed ? { title: values.title.trim() } : {}),
		...('body' in changed ? { body: values.body } : {}),
		...(Object.keys(system).length ? { system } : {})
	};
}
