import type { Bbox, PositionRow } from '$lib/live/positions';
import { api, take } from './client';
import type { Node } from './types';

// Calls of the fleet: devices, where they are and were, geofences, and how telemetry runs. The shapes
// are docs/API.md's; this file alone names the paths.

/** Moves by its own word (ignition, movement) or by its speed; unknown before the first position. */
export type Motion = 'unknown' | 'moving' | 'stopped';

export interface DeviceFacet {
	imei: string;
	/** As its maker calls it; may be empty. */
	model: string | null;
	/** Heard of lately. */
	online: boolean;
	online_since?: string | null;
	motion?: Motion;
	motion_since?: string | null;
	seen_at?: string | null;
	latitude?: number | null;
	longitude?: number | null;
}

/** Longitude and latitude, in degrees. */
export type Point = [number, number];

export type Shape = { type: 'polygon'; points: Point[] } | { type: 'circle'; center: Point; radius_m: number };

export interface GeofenceFacet {
	shape: Shape;
	/** Whoever stays so many seconds is told of; null: nobody. */
	dwell_s: number | null;
}

export interface IoValue {
	id: number;
	name: string | null;
	value: number | string;
	unit: string | null;
}

export interface DeviceState {
	at: string;
	received_at: string;
	latitude: number;
	longitude: number;
	altitude_m: number | null;
	heading_deg: number | null;
	speed_kmh: number | null;
	satellites: number | null;
	io: IoValue[];
	inside: { id: string; title: string; entered_at: string }[];
	trip: { id: string; started_at: string; distance_m: number } | null;
}

export type Faulty = 'no_fix' | 'jump' | 'future' | 'marked';

export interface TrailPosition {
	at: string;
	latitude: number;
	longitude: number;
	altitude_m: number | null;
	heading_deg: number | null;
	speed_kmh: number | null;
	satellites: number | null;
	io: Record<string, number | string>;
	faulty: Faulty | null;
}

export interface TimingRecord {
	id: string;
	/** Null: the fence is gone, or not for the viewer. */
	fence: { id: string; title: string } | null;
	entered_at: string;
	left_at: string | null;
}

export interface Trip {
	id: string;
	started_at: string;
	ended_at: string | null;
	distance_m: number;
	max_speed_kmh: number | null;
}

export type CommandState = 'queued' | 'sent' | 'answered' | 'timed_out' | 'failed';

export interface Command {
	id: string;
	text: string;
	codec: 12 | 14;
	state: CommandState;
	answer: string | null;
	created_at: string;
	answered_at: string | null;
}

export interface TelemetryStatus {
	stream: string;
	connected: number;
	devices: number;
	records_per_s: number;
	lag: { pending: number; oldest_s: number | null };
	shards: { shard: number; owner: string | null; pending: number; per_s: number }[];
	dead_letters_open: number;
}

export interface Listed<T> {
	items: T[];
	next_cursor: string | null;
}

interface Paged {
	limit?: number;
	cursor?: string;
}

interface Init {
	params?: { path?: object; query?: object; header?: object };
	body?: unknown;
	signal?: AbortSignal;
}
type Method = 'get' | 'post' | 'patch';
type Answer<T> = Promise<{ data?: T; error?: unknown; response: Response }>;

/** By the page's own client, so that a read sees the write before it. */
function call<T>(method: Method, path: string, init: Init = {}): Promise<T> {
	const client = api as unknown as { request(method: Method, path: string, init: Init): Answer<T> };
	return take(client.request(method, `/api/v1${path}`, init));
}

export const listDevices = (query: { q?: string; online?: boolean; motion?: Motion } & Paged, signal?: AbortSignal) =>
	call<Listed<Node>>('get', '/devices', { params: { query }, signal });

export interface DeviceInput {
	title?: string;
	body?: string;
	imei?: string;
	/** Empty: none. */
	model?: string;
}

export const createDevice = (body: DeviceInput & { parent_id: string }, key: string) =>
	call<Node>('post', '/devices', { body, params: { header: { 'Idempotency-Key': key } } });

export const updateDevice = (id: string, version: number, body: DeviceInput) =>
	call<Node>('patch', '/devices/{id}', { body, params: { path: { id }, header: matching(version) } });

type ToldState = Partial<DeviceState> & Omit<DeviceState, 'io' | 'inside' | 'trip'> & { io?: IoValue[] | Record<string, number | string> };

/** By its latest record that can be true; null: there is none. */
export async function getDeviceState(id: string, signal?: AbortSignal): Promise<DeviceState | null> {
	const told = await call<ToldState | null>('get', '/devices/{id}/state', { params: { path: { id } }, signal });
	return told && { ...told, io: ioOf(told.io ?? []), inside: told.inside ?? [], trip: told.trip ?? null };
}

/** Values may come by their number alone. */
function ioOf(io: IoValue[] | Record<string, number | string>): IoValue[] {
	if (Array.isArray(io)) return io;
	return Object.entries(io).map(([id, value]) => ({ id: Number(id), name: null, value, unit: null }));
}

/** Without `faulty`: both those that can be true and those that can't. */
export const listTrail = (
	id: string,
	query: { from: string; to: string; faulty?: boolean } & Paged,
	signal?: AbortSignal
) => call<Listed<TrailPosition>>('get', '/devices/{id}/positions', { params: { path: { id }, query }, signal });

export const markFaulty = (id: string, body: { from: string; to: string; faulty: boolean }) =>
	call<{ count: number }>('post', '/devices/{id}/positions/faulty', { body, params: { path: { id } } });

export const listTimingRecords = (id: string, query: Paged) =>
	call<Listed<TimingRecord>>('get', '/devices/{id}/timing-records', { params: { path: { id }, query } });

export const listTrips = (id: string, query: Paged) =>
	call<Listed<Trip>>('get', '/devices/{id}/trips', { params: { path: { id }, query } });

export const listCommands = (id: string, query: Paged) =>
	call<Listed<Command>>('get', '/devices/{id}/commands', { params: { path: { id }, query } });

export const sendCommand = (id: string, body: { text: string; codec: 12 | 14 }, key: string) =>
	call<Command>('post', '/devices/{id}/commands', { body, params: { path: { id }, header: { 'Idempotency-Key': key } } });

export interface GeofenceInput {
	title?: string;
	body?: string;
	shape?: Shape;
	dwell_s?: number | null;
}

export const createGeofence = (body: GeofenceInput & { parent_id: string }, key: string) =>
	call<Node>('post', '/geofences', { body, params: { header: { 'Idempotency-Key': key } } });

export const updateGeofence = (id: string, version: number, body: GeofenceInput) =>
	call<Node>('patch', '/geofences/{id}', { body, params: { path: { id }, header: matching(version) } });

export const getTelemetryStatus = () => call<TelemetryStatus>('get', '/telemetry/status');

/** A window's devices; more than so many pages are left to the next round. */
const window_pages_max = 20;

/** The latest position of each device in a window: for who hears of them by asking again and again. */
export async function listPositionsIn(bbox: Bbox, signal?: AbortSignal): Promise<PositionRow[]> {
	const rows: PositionRow[] = [];
	let cursor: string | null = null;
	for (let page = 0; page < window_pages_max; page++) {
		const query: object = { bbox: bbox.join(','), ...(cursor ? { cursor } : {}) };
		const answer: { items: PositionRow[]; cursor: string | null } = await call('get', '/devices/positions', { params: { query }, signal });
		rows.push(...answer.items);
		cursor = answer.cursor;
		if (!cursor) break;
	}
	return rows;
}

/** For an update of this version alone. */
const matching = (version: number) => ({ 'If-Match': `"${version}"` });
