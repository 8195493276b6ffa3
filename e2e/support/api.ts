import { expect, request, type APIRequestContext } from '@playwright/test';
import type { components } from '../../web/src/lib/api/schema';

type Schemas = components['schemas'];
export type Node = Schemas['Node'];
export type Edge = Schemas['Edge'];
export type Intention = Schemas['Intention'];
type Create = Extract<Intention, { type: 'create_node' }>;

/** Synops itself, what all else is part of. */
export const instance_id = '00000000-0000-7000-8000-000000000001';

/** The API as a browser without a page sees it: how flows make what they are about. */
export class Api {
	private constructor(private readonly calls: APIRequestContext) {}

	/** Somebody who is not signed in. */
	static async of(url: string): Promise<Api> {
		return new Api(await request.newContext({ baseURL: url, extraHTTPHeaders: { origin: url } }));
	}

	/** Signs in with a one-time link. */
	async signIn(link: string): Promise<void> {
		await signInByLink(this.calls, link);
	}

	async get<T>(path: string): Promise<T> {
		const answer = await this.calls.get(path);
		expect(answer.status(), `GET ${path}`).toBe(200);
		return (await answer.json()) as T;
	}

	async post<T>(path: string, data?: unknown): Promise<T> {
		const answer = await this.calls.post(path, { data });
		expect(answer.ok(), `POST ${path}: ${answer.status()} ${await answer.text()}`).toBe(true);
		return (await answer.json()) as T;
	}

	/** Carries out intentions in one transaction. */
	async intend(...intentions: Intention[]): Promise<Schemas['IntentionResult'][]> {
		const answer = await this.calls.post('/api/v1/intentions', { data: { intentions } });
		expect(answer.status(), await answer.text()).toBe(200);
		return ((await answer.json()) as { results: Schemas['IntentionResult'][] }).results;
	}

	async create(kind: Create['kind'], title: string, more: Partial<Create> = {}): Promise<Node> {
		const [made] = await this.intend({ type: 'create_node', kind, title, parent_id: instance_id, ...more });
		if (!made?.node) throw new Error(`no ${kind} was made`);
		return made.node;
	}

	/** A system that is not checked, so that nothing happens to it by itself. */
	system(title: string, parent: Node): Promise<Node> {
		return this.create('system', title, { parent_id: parent.id });
	}

	/** One that sends telemetry, known by its IMEI. */
	async device(title: string, parent: Node, imei: string): Promise<Node> {
		const [made] = await this.intend({ type: 'create_device', title, parent_id: parent.id, device: { imei } });
		if (!made?.node) throw new Error('no device was made');
		return made.node;
	}

	async geofence(title: string, parent: Node, shape: Schemas['Shape']): Promise<Node> {
		const [made] = await this.intend({ type: 'create_geofence', title, parent_id: parent.id, geofence: { shape } });
		if (!made?.node) throw new Error('no geofence was made');
		return made.node;
	}

	person(login: string, title: string): Promise<Node> {
		return this.create('person', title, { person: { login } });
	}

	async link(kind: Edge['kind'], source: Node, target: Node): Promise<Edge> {
		const [made] = await this.intend({ type: 'create_edge', kind, source_id: source.id, target_id: target.id });
		if (!made?.edge) throw new Error(`no ${kind} was made`);
		return made.edge;
	}

	/** A maintenance of Synops itself that begins in so many minutes, and takes half an hour. */
	async planStop(title: string, in_min: number): Promise<Node> {
		const starts = Date.now() + in_min * 60_000;
		const [made] = await this.intend({
			type: 'plan_maintenance',
			title,
			maintenance: {
				starts_at: new Date(starts).toISOString(),
				ends_at: new Date(starts + 30 * 60_000).toISOString(),
				affects: [instance_id]
			}
		});
		if (!made?.node) throw new Error('nothing was planned');
		return made.node;
	}

	/** The first of whoever is signed in. */
	async setPassword(password: string): Promise<void> {
		const answer = await this.calls.post('/api/v1/me/password', { data: { new: password } });
		expect(answer.status(), await answer.text()).toBe(204);
	}

	/** A one-time link for somebody. */
	async signInLink(person: Node): Promise<string> {
		const answer = await this.calls.post(`/api/v1/people/${person.id}/sign-in-link`);
		expect(answer.status(), await answer.text()).toBe(201);
		return ((await answer.json()) as Schemas['SignInLink']).url;
	}

	/** Who is signed in. */
	async me(): Promise<Node> {
		const { person } = await this.get<Schemas['Me']>('/api/v1/me');
		if (!person) throw new Error('nobody is signed in');
		return person;
	}

	close(): Promise<void> {
		return this.calls.dispose();
	}
}

/** Gives a browser (or a program) the session's cookie, by a one-time link. */
export async function signInByLink(calls: APIRequestContext, link: string): Promise<void> {
	const { origin, hash } = new URL(link);
	const answer = await calls.post(`${origin}/api/v1/session/link`, {
		data: { token: hash.slice(1) },
		headers: { origin }
	});
	expect(answer.status(), 'signing in by a link').toBe(200);
}
