import { api, take } from './client';
import type {
	Intention,
	JobClassName,
	JobEnding,
	JobKind,
	JobOpenState,
	JobSchedulePatch,
	Locale,
	NewJobSchedule,
	NewMaintenance,
	NodeKind,
	Theme,
	Token
} from './types';

// One function per call of the page; only this folder names paths.

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

export const getCache = () => take(api.GET('/api/v1/admin/cache'));

export const listMaintenances = (query: {
	state?: string;
	affects?: string;
	series_id?: string;
	from?: string;
	to?: string;
	order?: 'latest_first' | 'earliest_first';
	cursor?: string;
	limit?: number;
}) => take(api.GET('/api/v1/maintenances', { params: { query } }));

export const forecastNew = (body: NewMaintenance) =>
	take(api.POST('/api/v1/maintenances/forecast', { body }));

export const getForecast = (id: string) =>
	take(api.GET('/api/v1/maintenances/{id}/forecast', { params: { path: { id } } }));

export const rehearse = (id: string) =>
	take(api.POST('/api/v1/maintenances/{id}/rehearsal', { params: { path: { id } } }));

interface Paged {
	limit?: number;
	cursor?: string;
}

export const getJobStats = () => take(api.GET('/api/v1/admin/job-stats'));

export const listJobs = (query: { state?: JobOpenState; kind?: JobKind } & Paged) =>
	take(api.GET('/api/v1/admin/jobs', { params: { query } }));

export const listPastJobs = (query: { outcome?: JobEnding; kind?: JobKind } & Paged) =>
	take(api.GET('/api/v1/admin/jobs/history', { params: { query } }));

export const getJob = (id: string) =>
	take(api.GET('/api/v1/admin/jobs/{id}', { params: { path: { id } } }));

export const cancelJob = (id: string) =>
	take(api.POST('/api/v1/admin/jobs/{id}/cancel', { params: { path: { id } } }));

export const retryJob = (id: string) =>
	take(api.POST('/api/v1/admin/jobs/{id}/retry', { params: { path: { id } } }));

export const listJobClasses = () => take(api.GET('/api/v1/admin/job-classes'));

export const pauseJobs = (name: JobClassName, reason: string | null) =>
	take(api.POST('/api/v1/admin/job-classes/{name}/pause', { params: { path: { name } }, body: { reason } }));

export const resumeJobs = (name: JobClassName) =>
	take(api.POST('/api/v1/admin/job-classes/{name}/resume', { params: { path: { name } } }));

export const listJobSchedules = () => take(api.GET('/api/v1/admin/job-schedules'));

export const createJobSchedule = (body: NewJobSchedule) =>
	take(api.POST('/api/v1/admin/job-schedules', { body }));

export const updateJobSchedule = (id: string, body: JobSchedulePatch) =>
	take(api.PATCH('/api/v1/admin/job-schedules/{id}', { params: { path: { id } }, body }));

export const deleteJobSchedule = (id: string) =>
	take(api.DELETE('/api/v1/admin/job-schedules/{id}', { params: { path: { id } } }));

export const listDeadLetters = (query: { open?: boolean; source?: 'job' | 'telemetry' } & Paged) =>
	take(api.GET('/api/v1/admin/dead-letters', { params: { query } }));

export const getDeadLetter = (id: string) =>
	take(api.GET('/api/v1/admin/dead-letters/{id}', { params: { path: { id } } }));

export const updateDeadLetter = (id: string, payload: Record<string, unknown>) =>
	take(api.PATCH('/api/v1/admin/dead-letters/{id}', { params: { path: { id } }, body: { payload } }));

export const replayDeadLetters = (ids: string[]) =>
	take(api.POST('/api/v1/admin/dead-letters/replay', { body: { ids } }));

export const discardDeadLetters = (ids: string[]) =>
	take(api.POST('/api/v1/admin/dead-letters/discard', { body: { ids } }));

export const getLifecycle = (signal?: AbortSignal) => take(api.GET('/api/v1/lifecycle', { signal }));

export const getMine = () => take(api.GET('/api/v1/lifecycle/mine'));

export const getAdminMaintenance = () => take(api.GET('/api/v1/admin/maintenance'));

export const getRows = (topic: string, signal?: AbortSignal) =>
	take(api.GET('/api/v1/live/rows', { params: { query: { topic } }, signal }));
