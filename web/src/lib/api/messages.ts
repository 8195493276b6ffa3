import { api, take } from './client';
import type { Channel, DeliveryState, NewSubscription, NoticeKind, Preferences, TriedTemplate } from './types';

// What people are told, of what, and how it goes out.

interface Paged {
	limit?: number;
	cursor?: string;
}

export const listNotifications = (query: { unread?: boolean; kind?: string } & Paged) =>
	take(api.GET('/api/v1/notifications', { params: { query } }));

export const countUnread = async () => (await take(api.GET('/api/v1/notifications/unread-count'))).unread;

/** These, or all that came until a time. */
export const markRead = (which: { ids: string[] } | { all_before: string }) =>
	take(api.POST('/api/v1/notifications/read', { body: which }));

export const deleteNotification = (id: string) =>
	take(api.DELETE('/api/v1/notifications/{id}', { params: { path: { id } } }));

export const getPreferences = () => take(api.GET('/api/v1/notification-preferences'));

export const setPreferences = (body: Preferences) =>
	take(api.PUT('/api/v1/notification-preferences', { body }));

export const listSubscriptions = (query: { team_id?: string } & Paged) =>
	take(api.GET('/api/v1/subscriptions', { params: { query } }));

export const subscribe = (body: NewSubscription) => take(api.POST('/api/v1/subscriptions', { body }));

/** Of these kinds from now on; none: all. */
export const changeSubscription = (id: string, kinds: NoticeKind[]) =>
	take(api.PATCH('/api/v1/subscriptions/{id}', { params: { path: { id } }, body: { kinds } }));

export const unsubscribe = (id: string) =>
	take(api.DELETE('/api/v1/subscriptions/{id}', { params: { path: { id } } }));

export const listConnections = (query: { parent_id?: string; channel?: Channel } & Paged) =>
	take(api.GET('/api/v1/connections', { params: { query } }));

export const testConnection = (id: string, to: string | null) =>
	take(api.POST('/api/v1/connections/{id}/test', { params: { path: { id } }, body: to ? { to } : {} }));

export const listTemplates = async (id: string) =>
	(await take(api.GET('/api/v1/connections/{id}/templates', { params: { path: { id } } }))).templates;

/** An example: in these words, or in those of the connection. */
export const previewMessage = (id: string, kind: NoticeKind, template?: TriedTemplate) =>
	take(
		api.POST('/api/v1/connections/{id}/preview', {
			params: { path: { id } },
			body: { kind, ...(template ? { template } : {}) }
		})
	);

export const listDeliveries = (query: { state?: DeliveryState; channel?: Channel; connection_id?: string; node_id?: string } & Paged) =>
	take(api.GET('/api/v1/deliveries', { params: { query } }));

export const getDelivery = (id: string) => take(api.GET('/api/v1/deliveries/{id}', { params: { path: { id } } }));

export const retryDelivery = (id: string) =>
	take(api.POST('/api/v1/deliveries/{id}/retry', { params: { path: { id } } }));
