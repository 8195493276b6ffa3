import type { Feature, FeatureCollection } from 'geojson';
import type { GeoJSONSource, Map as MapLibre } from 'maplibre-gl';
import type { Shape } from '$lib/api/fleet';
import type { Colours } from './colours';
import { ringOf } from './shapes';
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
		layout: { 'text-field': ['get', 'title'], 'text-font': fonts, 'text-size': 12, 'text-max-width': 10, 'symbol-placement': 'point' },
		paint: { 'text-color': colours.accent, 'text-halo-color': colours.panel, 'text-halo-width': 1.5 }
	});
	return (fences) => map.getSource<GeoJSONSource>('fences')?.setData(collection(fences));
}

function collection(fences: DrawnFence[]): FeatureCollection {
	const features = fences.map(
		({ title, shape }): Feature => ({ type: 'Feature', properties: { title }, geometry: { type: 'Polygon', coordinates: [ringOf(shape)] } })
	);
	return { type: 'FeatureCollection', features };
}
