import { api, take } from './client';
import type { Intention, Locale, NodeKind, Theme, Token } from './types';

// One function per call of the page; the only file that names paths.

/**
 * Carries out intentions in one transaction. Trying again with the same key
 * after a lost answer does it at most once.
 */
export const intend = async (intentions: Intention[], key: string) => {
	const header = { 'Idempotency-Key': key };
	const call = api.POST('/api/v1/intentions', { params: { header }, body: { intentions } });
	return (await take(call)).results;
};

export const getNode = (id: string) =>
	take(api.GET('/api/v1/nodes/{id}', { params: { path: { id } } }));

export const findNodes = (
	query: { q?: string; kind?: NodeKind; parent_id?: string; limit?: number; cursor?: string },
	signal?: AbortSignal
) => take(api.GET('/api/v1/nodes', { params: { query }, signal }));

export const listActivity = (query: { limit?: number; cursor?: string }) =>
	take(api.GET('/api/v1/activity', { params: { query } }));

export const listAudit = (id: string, query: { limit?: number; cursor?: string }) =>
	take(api.GET('/api/v1/nodes/{id}/audit', { params: { path: { id }, query } }));

export const checkNow = (id: string) =>
	take(api.POST('/api/v1/systems/{id}/check', { params: { path: { id } } }));

export const listChecks = (
	id: string,
	query: { from?: string; to?: string; limit?: number; cursor?: string },
	signal?: AbortSignal
) => take(api.GET('/api/v1/systems/{id}/checks', { params: { path: { id }, query }, signal }));

export const getLatency = (ids: string[], signal?: AbortSignal) =>
	take(api.GET('/api/v1/systems/latency', { params: { query: { ids: ids.join(',') } }, signal }));

export const getMe = () => take(api.GET('/api/v1/me'));

export const signIn = (login: string, password: string) =>
	take(api.POST('/api/v1/session', { body: { login, password } }));

export const signInByLink = (token: string) =>
	take(api.POST('/api/v1/session/link', { body: { token } }));

export const signOut = () => take(api.DELETE('/api/v1/session'));

export const updateMe = (body: {
	title?: string;
	email?: string | null;
	preferences?: { locale?: Locale; theme?: Theme };
}) => take(api.PATCH('/api/v1/me', { body }));

export const setPassword = (body: { current?: string; new: string }) =>
	take(api.POST('/api/v1/me/password', { body }));

export const listTokens = () => take(api.GET('/api/v1/me/tokens'));

export const createToken = (body: {
	name: string;
	access: Token['access'];
	expires_at?: string;
}) => take(api.POST('/api/v1/me/tokens', { body }));

export const revokeToken = (id: string) =>
	take(api.DELETE('/api/v1/me/tokens/{id}', { params: { path: { id } } }));

export const listSessions = () => take(api.GET('/api/v1/me/sessions'));

export const endSession = (id: string) =>
	take(api.DELETE('/api/v1/me/sessions/{id}', { params: { path: { id } } }));

export const makeSignInLink = (id: string) =>
	take(api.POST('/api/v1/people/{id}/sign-in-link', { params: { path: { id } } }));

export const getHealth = (signal?: AbortSignal) =>
	take(api.GET('/api/v1/admin/health', { signal }));

export const getRows = (topic: string, signal?: AbortSignal) =>
	take(api.GET('/api/v1/live/rows', { params: { query: { topic } }, signal }));
