import type { Feature, FeatureCollection } from 'geojson';
import type { GeoJSONSource, Map as MapLibre } from 'maplibre-gl';
import { linesOf, type Head, type TrailPoint } from '../device/playback';
import type { Colours } from './colours';
import { addSigns } from './symbols';

const nothing: FeatureCollection = { type: 'FeatureCollection', features: [] };
const point = (longitude: number, latitude: number, properties: Record<string, unknown> = {}): Feature => ({
	type: 'Feature',
	properties,
	geometry: { type: 'Point', coordinates: [longitude, latitude] }
});

export interface TrailLayers {
	show(points: readonly TrailPoint[], faulty: readonly TrailPoint[]): void;
	/** The moment that is shown. */
	head(head: Head | null): void;
	/** A stretch of it that is chosen. */
	stretch(points: readonly TrailPoint[]): void;
	/** Where the device is now. */
	now(at: [number, number] | null): void;
}

/** Puts a trail onto a map. */
export function addTrail(map: MapLibre, colours: Colours): TrailLayers {
	addSigns(map, colours);
	for (const id of ['trail', 'stretch', 'faulty', 'now', 'head']) map.addSource(id, { type: 'geojson', data: nothing, ...(id === 'trail' ? { tolerance: 0.2 } : {}) });
	const line = { 'line-cap': 'round', 'line-join': 'round' } as const;
	map.addLayer({ id: 'trail', type: 'line', source: 'trail', layout: line, paint: { 'line-color': colours.accent, 'line-width': 3, 'line-opacity': 0.75 } });
	map.addLayer({ id: 'stretch', type: 'line', source: 'stretch', layout: line, paint: { 'line-color': colours.degraded, 'line-width': 6 } });
	map.addLayer({
		id: 'faulty',
		type: 'circle',
		source: 'faulty',
		paint: { 'circle-radius': 4, 'circle-color': colours.panel, 'circle-stroke-color': colours.down, 'circle-stroke-width': 2 }
	});
	map.addLayer({
		id: 'now',
		type: 'circle',
		source: 'now',
		paint: { 'circle-radius': 8, 'circle-color': colours.up, 'circle-opacity': 0.3, 'circle-stroke-color': colours.up, 'circle-stroke-width': 2 }
	});
	map.addLayer({
		id: 'head',
		type: 'symbol',
		source: 'head',
		layout: { 'icon-image': 'vehicle', 'icon-rotate': ['get', 'heading'], 'icon-rotation-alignment': 'map', 'icon-allow-overlap': true, 'icon-ignore-placement': true }
	});
	const set = (id: string, data: Feature | FeatureCollection) => map.getSource<GeoJSONSource>(id)?.setData(data);
	const lines = (points: readonly TrailPoint[]): Feature => ({ type: 'Feature', properties: {}, geometry: { type: 'MultiLineString', coordinates: linesOf(points) } });
	return {
		show(points, faulty) {
			set('trail', lines(points));
			set('faulty', { type: 'FeatureCollection', features: faulty.map(({ longitude, latitude }) => point(longitude, latitude)) });
		},
		head: (head) => set('head', head ? point(head.longitude, head.latitude, { heading: head.heading }) : nothing),
		stretch: (points) => set('stretch', lines(points)),
		now: (at) => set('now', at ? point(...at) : nothing)
	};
}
