import type { Feature, FeatureCollection } from 'geojson';
import type { GeoJSONSource, Map as MapLibre } from 'maplibre-gl';
import type { Shape } from '$lib/api/fleet';
import type { Colours } from './colours';
import { boundsOf, ringOf } from './shapes';
import { fonts } from './style';

export interface DrawnFence {
	title: string;
	shape: Shape;
}

/** Puts fences onto a map, below what comes after; answers how to show others. */
export function addFences(map: MapLibre, colours: Colours): (fences: DrawnFence[]) => void {
	map.addSource('fences', { type: 'geojson', data: collection([]) });
	map.addLayer({ id: 'fence-areas', type: 'fill', source: 'fences', paint: { 'fill-color': colours.accent, 'fill-opacity': 0.1 } });
	map.addLayer({ id: 'fence-lines', type: 'line', source: 'fences', paint: { 'line-color': colours.accent, 'line-width': 1.5, 'line-opacity': 0.8 } });
	map.addLayer({
		id: 'fence-names',
		type: 'symbol',
		source: 'fences',
		minzoom: 9,
		filter: ['==', ['geometry-type'], 'Point'],
		layout: { 'text-field': ['get', 'title'], 'text-font': fonts, 'text-size': 12, 'text-max-width': 10, 'symbol-placement': 'point' },
		paint: { 'text-color': colours.accent, 'text-halo-color': colours.panel, 'text-halo-width': 1.5 }
	});
	return (fences) => map.getSource<GeoJSONSource>('fences')?.setData(collection(fences));
}

/** Each with a point for its name: an area that lies in several tiles would be named in each. */
function collection(fences: DrawnFence[]): FeatureCollection {
	const features = fences.flatMap(({ title, shape }): Feature[] => {
		const ring = ringOf(shape);
		const [west, south, east, north] = boundsOf(ring) ?? [0, 0, 0, 0];
		return [
			{ type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates: [ring] } },
			{ type: 'Feature', properties: { title }, geometry: { type: 'Point', coordinates: [(west + east) / 2, (south + north) / 2] } }
		];
	});
	return { type: 'FeatureCollection', features };
}
