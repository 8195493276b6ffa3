import type { GeofenceInput } from '$lib/api/fleet';
import type { Node } from '$lib/api/types';
import { isGeofence } from '$lib/graph/nodes';
import { t } from '$lib/i18n/index.svelte';
import { distanceText } from '../words';
import { blank, shapeOf, type Sketch } from './shape-draft';

/** A fence's fields as the form has them; the area as text, so that two of them can be compared. */
export type FenceValues = { title: string; body: string; shape: string; dwell_s: string };

export const fresh: FenceValues = { title: '', body: '', shape: sketchText(blank.polygon), dwell_s: '' };

export function sketchText(sketch: Sketch): string {
	return JSON.stringify(sketch.type === 'polygon' ? { type: 'polygon', points: sketch.points } : { type: 'circle', center: sketch.center, radius_m: sketch.radius_m });
}

export const sketchOf = ({ shape }: Pick<FenceValues, 'shape'>): Sketch => JSON.parse(shape) as Sketch;

export function readFence(node: Node): FenceValues {
	const { title, body } = node;
	if (!isGeofence(node)) return { ...fresh, title, body };
	const { shape, dwell_s } = node.geofence;
	return { title, body, shape: sketchText(shape), dwell_s: dwell_s ? String(dwell_s) : '' };
}

/** What of a request the changed fields make up. */
export function writeFence(changed: Partial<FenceValues>): GeofenceInput {
	const shape = changed.shape === undefined ? null : shapeOf(sketchOf({ shape: changed.shape }));
	return {
		...(changed.title !== undefined ? { title: changed.title.trim() } : {}),
		...(changed.body !== undefined ? { body: changed.body } : {}),
		...(shape ? { shape } : {}),
		...(changed.dwell_s !== undefined ? { dwell_s: Number(changed.dwell_s) || null } : {})
	};
}

/** An area in words. */
export function sketchWords(sketch: Sketch): string {
	return sketch.type === 'polygon' ? t.fence.polygonOf(sketch.points.length) : t.fence.circleOf(distanceText(sketch.radius_m));
}
