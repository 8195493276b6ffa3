import type { Channel, ConnectionInput, ConnectionNode, Intention, Node, SecretField, Security } from '$lib/api/types';

export function isConnection(node: Node | null | undefined): node is ConnectionNode {
	return node?.kind === 'connection' && Boolean(node.connection);
}

export const channels: Channel[] = ['smtp', 'webhook', 'slack', 'ntfy'];
export const securities: Security[] = ['starttls', 'tls', 'none'];

/** The secrets of each channel, and whether it can do without. */
export const secrets_of: Record<Channel, { field: SecretField; needed: boolean }[]> = {
	smtp: [{ field: 'password', needed: false }],
	webhook: [
		{ field: 'url', needed: true },
		{ field: 'signing_secret', needed: false }
	],
	slack: [{ field: 'url', needed: true }],
	ntfy: [
		{ field: 'topic', needed: true },
		{ field: 'token', needed: false }
	]
};

/** A secret that is typed; false: the one that is kept stays. An empty text forgets it. */
type Secret = string | false;

/** What the form holds. A type, not an interface: only types fit where any keys may be. */
export type ConnectionValues = {
	title: string;
	enabled: boolean;
	host: string;
	/** Empty: the usual one. */
	port: string;
	security: Security;
	username: string;
	sender: string;
	server: string;
} & Record<SecretField, Secret>;

const kept = { password: false, url: false, signing_secret: false, topic: false, token: false } as const;

export const fresh: ConnectionValues = {
	title: '',
	enabled: true,
	host: '',
	port: '',
	security: 'starttls',
	username: '',
	sender: '',
	server: '',
	...kept
};

export function readConnection(node: Node): ConnectionValues {
	const facet = isConnection(node) ? node.connection : null;
	return {
		title: node.title,
		enabled: facet?.enabled ?? true,
		// Of other channels the host is told, and not set.
		host: facet?.channel === 'smtp' ? facet.host : '',
		port: facet?.port ? String(facet.port) : '',
		security: facet?.security ?? 'starttls',
		username: facet?.username ?? '',
		sender: facet?.sender ?? '',
		server: facet?.server ?? '',
		...kept
	};
}

export function writeConnection(changed: Partial<ConnectionValues>): Partial<Intention> {
	const { title, port, ...rest } = changed;
	// A secret that stays is no change, so what is here of them is text.
	const connection = { ...rest, ...(port ? { port: Number(port) } : {}) } as ConnectionInput;
	return { type: 'update_connection', connection, ...(title === undefined ? {} : { title: title.trim() }) };
}

const own_fields: Record<Channel, (keyof ConnectionValues)[]> = {
	smtp: ['host', 'port', 'security', 'username', 'sender'],
	webhook: [],
	slack: [],
	ntfy: ['server']
};

/** What a new one of this channel is made from: of what was typed, the fields it has. */
export function newConnection(channel: Channel, values: ConnectionValues): ConnectionInput {
	const input: Record<string, unknown> = { enabled: values.enabled };
	const fields = [...own_fields[channel], ...secrets_of[channel].map(({ field }) => field)];
	for (const field of fields) if (values[field]) input[field] = values[field];
	if (input.port) input.port = Number(input.port);
	return input;
}

/** Whether it leads elsewhere than before: then secrets that are not given again are forgotten. */
export function leadsElsewhere(changed: Partial<ConnectionValues>): boolean {
	return (['host', 'port', 'security', 'server'] as const).some((field) => changed[field] !== undefined);
}
