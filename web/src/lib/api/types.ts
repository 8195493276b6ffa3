/**
 * The shapes of the wire, by hand, after docs/API.md. Once `npm run gen` has
 * made `schema.d.ts` from the server's own description, this file only gives
 * its schemas their short names.
 */
export type NodeKind = 'instance' | 'workspace' | 'group' | 'system' | 'team' | 'person';
export type EdgeKind =
	| 'part_of'
	| 'owner'
	| 'admin'
	| 'member_of'
	| 'reader'
	| 'depends_on'
	| 'relates_to';
export type Level = 'reader' | 'member' | 'admin' | 'owner';
export type Visibility = 'public' | 'signed_in' | 'members';
export type SystemState = 'up' | 'degraded' | 'down' | 'unknown';
export type Locale = 'en' | 'nb';
export type Theme = 'light' | 'dark' | 'system';

export type Check =
	| { type: 'http'; url: string; expect_status: string; expect_text: string | null }
	| { type: 'tcp'; address: string }
	| { type: 'postgres'; url: string; has_password?: boolean; password?: string };

export interface SystemFacet {
	state: SystemState;
	state_since: string | null;
	state_reason: string | null;
	enabled: boolean;
	interval_s: number;
	timeout_ms: number;
	failures_to_down: number;
	check: Check;
}
export interface PersonFacet {
	login: string;
	email: string | null;
	locale: string;
	disabled: boolean;
}
export interface ScopeFacet {
	visibility: Visibility;
	isolated: boolean;
}
export interface Node {
	id: string;
	kind: NodeKind;
	title: string;
	body: string;
	attrs: Record<string, unknown>;
	scope_id: string;
	parent_id: string | null;
	version: number;
	created_by: string | null;
	created_at: string;
	updated_at: string;
	system?: SystemFacet;
	person?: PersonFacet;
	scope?: ScopeFacet;
}
export type SystemNode = Node & { system: SystemFacet };
export interface Edge {
	id: string;
	kind: EdgeKind;
	source_id: string;
	target_id: string;
	attrs: Record<string, unknown>;
	source_scope_id: string;
	target_scope_id: string;
	version: number;
	created_by: string | null;
	created_at: string;
	updated_at: string;
}
export interface Page<T> {
	items: T[];
	next_cursor: string | null;
}

export type SystemInput = Partial<Omit<SystemFacet, 'state' | 'state_since' | 'state_reason'>>;
export type PersonInput = Partial<PersonFacet>;
export type Intention =
	| {
			type: 'create_node';
			kind: NodeKind;
			parent_id: string;
			title: string;
			id?: string;
			body?: string;
			system?: SystemInput;
			person?: PersonInput;
			scope?: Partial<ScopeFacet>;
	  }
	| {
			type: 'update_node';
			id: string;
			version: number;
			title?: string;
			body?: string;
			system?: SystemInput;
			person?: PersonInput;
	  }
	| { type: 'move_node'; id: string; version: number; parent_id: string }
	| { type: 'delete_node'; id: string; version: number }
	| { type: 'set_scope'; id: string; version: number; visibility?: Visibility; isolated?: boolean }
	| { type: 'create_edge'; kind: EdgeKind; source_id: string; target_id: string }
	| { type: 'delete_edge'; id: string; version: number };
export interface IntentionResult {
	node?: Node;
	edge?: Edge;
	deleted?: string;
}

export interface Problem {
	type: string;
	title: string;
	status: number;
	detail?: string;
	code: string;
	field?: string;
	current_version?: number;
	retry_after_s?: number;
	request_id?: string;
}
export interface Me {
	person: Node | null;
	instance_admin: boolean;
	levels: Record<string, Level>;
	has_password: boolean;
	preferences: { locale?: Locale | null; theme?: Theme | null };
	server_time: string;
}
export interface Actor {
	id: string;
	title: string;
}
export interface Activity {
	id: string;
	at: string;
	actor: Actor | null;
	action: string;
	node: { id: string; kind: NodeKind; title: string } | null;
	summary: Record<string, unknown>;
}
export interface CheckRun {
	at: string;
	ok: boolean;
	latency_ms: number | null;
	error?: string | null;
}
export interface Latency {
	id: string;
	points: CheckRun[];
}
export interface Token {
	id: string;
	name: string;
	access: 'read' | 'write';
	created_at: string;
	expires_at: string | null;
	last_used_at?: string | null;
	token?: string;
}
export interface Session {
	id: string;
	created_at: string;
	last_seen_at?: string | null;
	expires_at?: string | null;
	user_agent?: string | null;
	address?: string | null;
	current?: boolean;
}
export interface HealthCheck {
	name: string;
	ok: boolean;
	detail: string;
	advice: string | null;
}
export type HealthPart = Record<string, unknown>;
export interface Health {
	checks: HealthCheck[];
	database: HealthPart;
	feed: HealthPart;
	sockets: HealthPart;
	pool: HealthPart;
	prober: HealthPart;
	disk: HealthPart;
	instances: HealthPart[];
}
/** The rows a subscription begins with. */
export interface Rows {
	nodes?: Node[];
	edges?: Edge[];
	levels?: Record<string, Level>;
	truncated?: boolean;
	server_time?: string;
}

/** One operation, in the form openapi-fetch reads. */
type Op<Out, Q = undefined, Path = undefined, Body = undefined> = {
	parameters: {
		query?: Q;
		header?: { 'If-Match'?: string; 'Idempotency-Key'?: string };
	} & (Path extends undefined ? { path?: never } : { path: Path });
	responses: { 200: { content: { 'application/json': Out } } };
} & (Body extends undefined
	? { requestBody?: never }
	: { requestBody: { content: { 'application/json': Body } } });
type Paging = { cursor?: string; limit?: number };
type Id = { id: string };

export interface paths {
	'/api/v1/intentions': {
		post: Op<
			{ results: IntentionResult[] },
			undefined,
			undefined,
			{ intentions: Intention[] }
		>;
	};
	'/api/v1/nodes': {
		get: Op<
			Page<Node>,
			Paging & { kind?: NodeKind; parent_id?: string; scope_id?: string; q?: string }
		>;
	};
	'/api/v1/nodes/{id}': { get: Op<Node, undefined, Id> };
	'/api/v1/nodes/{id}/audit': { get: Op<Page<Activity>, Paging, Id> };
	'/api/v1/activity': { get: Op<Page<Activity>, Paging> };
	'/api/v1/systems/{id}/check': { post: Op<undefined, undefined, Id> };
	'/api/v1/systems/{id}/checks': {
		get: Op<Page<CheckRun>, Paging & { from?: string; to?: string }, Id>;
	};
	'/api/v1/systems/latency': { get: Op<{ items: Latency[] }, { ids: string }> };
	'/api/v1/session': {
		post: Op<Me, undefined, undefined, { login: string; password: string }>;
		delete: Op<undefined>;
	};
	'/api/v1/session/link': { post: Op<Me, undefined, undefined, { token: string }> };
	'/api/v1/me': {
		get: Op<Me>;
		patch: Op<
			Me,
			undefined,
			undefined,
			{ title?: string; email?: string | null; preferences?: { locale?: Locale; theme?: Theme } }
		>;
	};
	'/api/v1/me/password': {
		post: Op<undefined, undefined, undefined, { current?: string; new: string }>;
	};
	'/api/v1/me/tokens': {
		get: Op<Page<Token>, Paging>;
		post: Op<
			Token,
			undefined,
			undefined,
			{ name: string; access: 'read' | 'write'; expires_at?: string }
		>;
	};
	'/api/v1/me/tokens/{id}': { delete: Op<undefined, undefined, Id> };
	'/api/v1/me/sessions': { get: Op<Page<Session>, Paging> };
	'/api/v1/me/sessions/{id}': { delete: Op<undefined, undefined, Id> };
	'/api/v1/people/{id}/sign-in-link': {
		post: Op<{ url: string; expires_at: string }, undefined, Id>;
	};
	'/api/v1/admin/health': { get: Op<Health> };
	'/api/v1/live/rows': { get: Op<Rows, { topic: string }> };
}
