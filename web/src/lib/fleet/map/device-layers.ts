import type { FeatureCollection } from 'geojson';
import type { ExpressionSpecification, GeoJSONSource, Map as MapLibre, MapGeoJSONFeature, MapMouseEvent } from 'maplibre-gl';
import type { Colours } from './colours';
import { addSigns } from './symbols';
import { fonts } from './style';

export const pin_layer = 'pins';
const cluster_layer = 'clusters';
const source_id = 'devices';
/** Up to this zoom neighbours are shown as one, with their number … */
const cluster_zoom_max = 10;
/** … and up to this one where there are many: thousands beside each other say nothing, and take long to draw. */
const cluster_zoom_max_of_many = 15;
/** More are many. */
export const few_devices_max = 500;
const cluster_radius_px = 46;
/** From here on each has its name beside it, where there is room. */
const names_zoom_min = 11.5;

const nothing: FeatureCollection = { type: 'FeatureCollection', features: [] };
const isCluster: ExpressionSpecification = ['has', 'point_count'];

/** The devices' layers and their source. `onpick`: a device was chosen on the map, or none. */
export function addDevices(map: MapLibre, colours: Colours, onpick: (id: string | null) => void): GeoJSONSource {
	addSigns(map, colours);
	map.addSource(source_id, {
		type: 'geojson',
		data: nothing,
		promoteId: 'id',
		cluster: true,
		clusterMaxZoom: cluster_zoom_max,
		clusterRadius: cluster_radius_px
	});
	map.addSource('picked', { type: 'geojson', data: nothing });
	addClusters(map, colours);
	map.addLayer({
		id: 'picked',
		type: 'circle',
		source: 'picked',
		paint: { 'circle-radius': 17, 'circle-color': colours.accent, 'circle-opacity': 0.16, 'circle-stroke-color': colours.accent, 'circle-stroke-width': 2 }
	});
	map.addLayer({
		id: pin_layer,
		type: 'symbol',
		source: source_id,
		filter: ['!', isCluster],
		layout: {
			'icon-image': ['get', 'sign'],
			'icon-rotate': ['case', ['==', ['get', 'sign'], 'moving'], ['get', 'heading'], 0],
			'icon-rotation-alignment': 'map',
			'icon-allow-overlap': true,
			'icon-ignore-placement': true
		}
	});
	addNames(map, colours);
	const behind = watchClicks(map, onpick);
	map.once('remove', behind);
	return map.getSource<GeoJSONSource>(source_id) as GeoJSONSource;
}

/** Shows neighbours as one up to where they can be told apart: sooner if there are only few. */
export function clusterFor(source: GeoJSONSource, many: boolean): void {
	source.setClusterOptions({ cluster: true, clusterRadius: cluster_radius_px, clusterMaxZoom: many ? cluster_zoom_max_of_many : cluster_zoom_max });
}

function addClusters(map: MapLibre, colours: Colours): void {
	const many: ExpressionSpecification = ['step', ['get', 'point_count'], 15, 10, 18, 100, 22, 1000, 27];
	map.addLayer({
		id: cluster_layer,
		type: 'circle',
		source: source_id,
		filter: isCluster,
		paint: { 'circle-radius': many, 'circle-color': colours.panel, 'circle-stroke-color': colours.accent, 'circle-stroke-width': 2 }
	});
	map.addLayer({
		id: 'cluster-counts',
		type: 'symbol',
		source: source_id,
		filter: isCluster,
		layout: {
			'text-field': ['to-string', ['get', 'point_count_abbreviated']],
			'text-font': fonts,
			'text-size': 12,
			'text-allow-overlap': true,
			'text-ignore-placement': true
		},
		paint: { 'text-color': colours.ink }
	});
}

function addNames(map: MapLibre, colours: Colours): void {
	map.addLayer({
		id: 'names',
		type: 'symbol',
		source: source_id,
		minzoom: names_zoom_min,
		filter: ['!', isCluster],
		layout: { 'text-field': ['get', 'title'], 'text-font': fonts, 'text-size': 11.5, 'text-anchor': 'top', 'text-offset': [0, 1.6], 'text-max-width': 12, 'text-padding': 4 },
		paint: { 'text-color': colours.ink, 'text-halo-color': colours.panel, 'text-halo-width': 1.5 }
	});
}

function watchClicks(map: MapLibre, onpick: (id: string | null) => void): () => void {
	const at = (event: MapMouseEvent): MapGeoJSONFeature | undefined => map.queryRenderedFeatures(event.point, { layers: [pin_layer, cluster_layer] })[0];
	const clicked = map.on('click', (event) => {
		const found = at(event);
		if (found?.layer.id === cluster_layer) void open(map, found);
		else onpick((found?.properties.id as string | undefined) ?? null);
	});
	const pointed = [pin_layer, cluster_layer].flatMap((layer) => [
		map.on('mouseenter', layer, () => (map.getCanvas().style.cursor = 'pointer')),
		map.on('mouseleave', layer, () => (map.getCanvas().style.cursor = ''))
	]);
	return () => [clicked, ...pointed].forEach((watch) => watch.unsubscribe());
}

/** Goes nearer, until it falls apart. */
async function open(map: MapLibre, cluster: MapGeoJSONFeature): Promise<void> {
	if (cluster.geometry.type !== 'Point') return;
	const [longitude = 0, latitude = 0] = cluster.geometry.coordinates;
	const zoom = await map.getSource<GeoJSONSource>(source_id)?.getClusterExpansionZoom(cluster.properties.cluster_id as number);
	if (zoom !== undefined) map.easeTo({ center: [longitude, latitude], zoom: zoom + 0.3 });
}

/** Rings the one that is chosen. */
export function markPicked(map: MapLibre, at: [number, number] | null): void {
	map.getSource<GeoJSONSource>('picked')?.setData(at ? { type: 'Feature', properties: {}, geometry: { type: 'Point', coordinates: at } } : nothing);
}
