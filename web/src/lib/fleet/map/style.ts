import type { SourceSpecification, StyleSpecification } from 'maplibre-gl';
import type { Colours } from './colours';

/** Names and numbers are drawn with the machine's own fonts: there is no server of glyphs. */
export const fonts = ['sans-serif'];

/**
 * A server of map tiles. There is none unless somebody configures one, and the map works without: this
 * is where one comes in, below all that the fleet draws. (The page's policy has to name its host in
 * `connect-src`.)
 */
export interface TileSource {
	/** With {z}, {x} and {y}. */
	url: string;
	attribution: string;
	max_zoom: number;
}

/** The ground of every map: the land of the world in the page's own colours, from our own server alone. */
export function styleOf(colours: Colours, dark: boolean, tiles: TileSource | null = null): StyleSpecification {
	const world: SourceSpecification = { type: 'geojson', data: new URL('/map/world.json', location.href).href, tolerance: 0.2 };
	const raster: Record<string, SourceSpecification> = tiles
		? { tiles: { type: 'raster', tiles: [tiles.url], tileSize: 256, maxzoom: tiles.max_zoom, attribution: tiles.attribution } }
		: {};
	return {
		version: 8,
		sources: { world, ...raster },
		layers: [
			{ id: 'water', type: 'background', paint: { 'background-color': dark ? colours.ground : colours.press } },
			{
				id: 'land',
				type: 'fill',
				source: 'world',
				filter: ['==', ['get', 'kind'], 'land'],
				paint: { 'fill-color': dark ? colours.hover : colours.panel, 'fill-outline-color': colours['line-strong'] }
			},
			{
				id: 'borders',
				type: 'line',
				source: 'world',
				filter: ['==', ['get', 'kind'], 'border'],
				paint: { 'line-color': colours['line-strong'], 'line-width': ['interpolate', ['linear'], ['zoom'], 2, 0.6, 8, 1.2], 'line-dasharray': [3, 2] }
			},
			...(tiles ? [{ id: 'tiles', type: 'raster', source: 'tiles' } as const] : [])
		]
	};
}
