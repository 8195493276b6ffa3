import type { Feature, FeatureCollection } from 'geojson';
import type { GeoJSONSource, Map as MapLibre, MapMouseEvent, MapTouchEvent } from 'maplibre-gl';
import type { Point } from '$lib/api/fleet';
import { middleOf, shapeOf, type Sketch } from '../fence/shape-draft';
import type { Colours } from './colours';
import { pointAt, ringOf } from './shapes';

/** What can be taken hold of: a corner or the centre, the middle of a side, the edge of a circle. */
type Handle = 'corner' | 'middle' | 'edge';

export interface SketchActs {
	click(at: Point): void;
	choose(index: number): void;
	drag(handle: Handle, index: number, to: Point): void;
	drop(): void;
}

const handle_layer = 'handles';
const east = 90;

/** Puts an area that is drawn onto a map; answers how to show it. */
export function addSketch(map: MapLibre, colours: Colours, acts: SketchActs): (sketch: Sketch, chosen: number | null) => void {
	const nothing: FeatureCollection = { type: 'FeatureCollection', features: [] };
	for (const id of ['sketch', 'handles']) map.addSource(id, { type: 'geojson', data: nothing });
	map.addLayer({ id: 'sketch-area', type: 'fill', source: 'sketch', paint: { 'fill-color': colours.accent, 'fill-opacity': 0.14 } });
	map.addLayer({ id: 'sketch-line', type: 'line', source: 'sketch', paint: { 'line-color': colours.accent, 'line-width': 2 } });
	map.addLayer({
		id: handle_layer,
		type: 'circle',
		source: 'handles',
		paint: {
			'circle-radius': ['match', ['get', 'handle'], 'middle', 4, 7],
			'circle-color': ['case', ['get', 'chosen'], colours.accent, colours.panel],
			'circle-stroke-color': colours.accent,
			'circle-stroke-width': ['match', ['get', 'handle'], 'middle', 1.5, 2.5]
		}
	});
	watch(map, acts);
	return (sketch, chosen) => {
		map.getSource<GeoJSONSource>('sketch')?.setData(outlineOf(sketch));
		map.getSource<GeoJSONSource>('handles')?.setData({ type: 'FeatureCollection', features: handlesOf(sketch, chosen) });
	};
}

function outlineOf(sketch: Sketch): Feature | FeatureCollection {
	const shape = shapeOf(sketch);
	if (shape) return { type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates: [ringOf(shape)] } };
	// Not an area yet, or no more: its outline shows what is wrong.
	const ring = sketch.type === 'polygon' && sketch.points.length > 1 ? ringOf(sketch) : [];
	return { type: 'Feature', properties: {}, geometry: { type: 'LineString', coordinates: ring } };
}

function handlesOf(sketch: Sketch, chosen: number | null): Feature[] {
	const feature = (handle: Handle, index: number, coordinates: Point): Feature => ({
		type: 'Feature',
		properties: { handle, index, chosen: handle === 'corner' && index === chosen },
		geometry: { type: 'Point', coordinates }
	});
	if (sketch.type === 'circle') {
		const { center, radius_m } = sketch;
		return center ? [feature('corner', 0, center), feature('edge', 0, pointAt(center, radius_m, east))] : [];
	}
	const { points } = sketch;
	const sides = points.length > 2 ? points : points.slice(1);
	return [...sides.map((_, at) => feature('middle', at, middleOf(points, at))), ...points.map((point, at) => feature('corner', at, point))];
}

type Pressed = MapMouseEvent | MapTouchEvent;

function watch(map: MapLibre, acts: SketchActs): void {
	/** A finger is no pointer: what is near it is meant. */
	const near_px = (event: Pressed) => ('touches' in event.originalEvent ? 18 : 5);
	const at = (event: Pressed) => {
		const { x, y } = event.point;
		const near = near_px(event);
		const found = map.queryRenderedFeatures([[x - near, y - near], [x + near, y + near]], { layers: [handle_layer] });
		return found.find(({ properties }) => properties.handle !== 'middle') ?? found[0];
	};
	const place = ({ lngLat }: Pressed): Point => [lngLat.lng, lngLat.lat];
	const press = (event: Pressed) => {
		const held = at(event);
		if (!held || ('touches' in event.originalEvent && event.originalEvent.touches.length > 1)) return;
		event.preventDefault(); // the map stays where it is
		const { handle, index } = held.properties as { handle: Handle; index: number };
		if (handle === 'corner') acts.choose(index);
		let isDragged = false;
		const move = (next: Pressed) => {
			isDragged = true;
			acts.drag(handle, index, place(next));
		};
		const [moves, ends] = 'touches' in event.originalEvent ? (['touchmove', 'touchend'] as const) : (['mousemove', 'mouseup'] as const);
		map.on(moves, move);
		map.once(ends, () => {
			map.off(moves, move);
			if (isDragged) acts.drop();
		});
	};
	map.on('mousedown', press);
	map.on('touchstart', press);
	map.on('click', (event) => {
		if (!at(event)) acts.click(place(event));
	});
	map.on('mousemove', (event) => (map.getCanvas().style.cursor = at(event) ? 'grab' : 'crosshair'));
	map.doubleClickZoom.disable();
}
