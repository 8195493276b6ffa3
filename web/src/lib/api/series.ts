import { api, take } from './client';
import type { NewSeries } from './types';

export const listSeries = (query: { cursor?: string; limit?: number }) =>
	take(api.GET('/api/v1/maintenance-series', { params: { query } }));

export const getSeries = (id: string) =>
	take(api.GET('/api/v1/maintenance-series/{id}', { params: { path: { id } } }));

/** When the windows would be; nothing is made. */
export type Timing = Pick<NewSeries, 'starts_at' | 'duration_s'> &
	Partial<Pick<NewSeries, 'timezone' | 'rule' | 'windows' | 'excluded'>>;

export const previewSeries = (body: Timing & { count?: number }, signal?: AbortSignal) =>
	take(api.POST('/api/v1/maintenance-series/preview', { body, signal }));

export const closeMaintenances = (ids: string[]) =>
	take(api.POST('/api/v1/maintenances/close', { body: { ids } }));

export const makeCalendarToken = () => take(api.POST('/api/v1/me/calendar-token'));

export const revokeCalendarToken = () => take(api.DELETE('/api/v1/me/calendar-token'));
