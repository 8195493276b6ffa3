import { api, take } from './client';

export const listAnnouncements = (query: {
	state?: 'scheduled' | 'active' | 'ended';
	dismissed?: boolean;
	cursor?: string;
	limit?: number;
}) => take(api.GET('/api/v1/announcements', { params: { query } }));

export const dismissAnnouncement = (id: string) =>
	take(api.POST('/api/v1/announcements/{id}/dismiss', { params: { path: { id } } }));
