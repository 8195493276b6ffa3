import type { Feature, Point } from 'geojson';
import type { GeoJSONSourceDiff } from 'maplibre-gl';
import type { Sign } from './symbols';

/** A device as the map knows it. */
export interface Pin {
	id: string;
	title: string;
	sign: Sign;
	longitude: number;
	latitude: number;
	/** Where an arrow points (°). */
	heading: number;
}

export type PinFeature = Feature<Point, { id: string; title: string; sign: Sign; heading: number }>;

export function featureOf({ id, longitude, latitude, ...rest }: Pin): PinFeature {
	const { title, sign, heading } = rest;
	return { type: 'Feature', geometry: { type: 'Point', coordinates: [longitude, latitude] }, properties: { id, title, sign, heading } };
}

/**
 * What to tell the map, given what may have changed: those that are there, and of those it has drawn
 * (`drawn`, kept right here) the ones that are not any more. Null: nothing.
 */
export function diffOf(changed: Iterable<string>, pinOf: (id: string) => Pin | null, drawn: Set<string>): GeoJSONSourceDiff | null {
	const add: PinFeature[] = [];
	const remove: string[] = [];
	for (const id of changed) {
		const pin = pinOf(id);
		if (pin) {
			drawn.add(id);
			add.push(featureOf(pin));
		} else if (drawn.delete(id)) {
			remove.push(id);
		}
	}
	return add.length + remove.length > 0 ? { add, remove } : null;
}
