import type { FeatureCollection, MultiPolygon, Polygon, Position } from 'geojson';
import { merge, mesh } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';

/** About 100 m, finer than the outlines are. */
const decimals = 3;
/** The end of the map's projection is before the pole. */
const pole = -90;

/** The land of the world, and the borders between countries, as lines and areas that a map can draw. */
export function worldOf(topology: Topology): FeatureCollection {
	const countries = topology.objects.countries as GeometryCollection;
	const land = merge(topology, countries.geometries as Parameters<typeof merge>[1]);
	const borders = mesh(topology, countries, (a, b) => a !== b);
	return {
		type: 'FeatureCollection',
		features: [
			{ type: 'Feature', properties: { kind: 'land' }, geometry: unwrapped(land) },
			{
				type: 'Feature',
				properties: { kind: 'border' },
				geometry: { ...borders, coordinates: borders.coordinates.map((line) => unwrap(line).map(rounded)) }
			}
		]
	};
}

function unwrapped(land: MultiPolygon | Polygon): MultiPolygon {
	const polygons = land.type === 'Polygon' ? [land.coordinates] : land.coordinates;
	return { type: 'MultiPolygon', coordinates: polygons.map((rings) => rings.map((ring) => closed(unwrap(ring)).map(rounded))) };
}

/**
 * A line that crosses ±180° jumps from one edge of the map to the other, and would be drawn right across
 * it. It goes on beyond 180 instead; a map draws that part where it belongs.
 */
export function unwrap(line: Position[]): Position[] {
	let turns = 0;
	let before = line[0]?.[0] ?? 0;
	return line.map(([longitude = 0, latitude = 0]) => {
		if (longitude - before > 180) turns--;
		else if (before - longitude > 180) turns++;
		before = longitude;
		return [longitude + 360 * turns, latitude];
	});
}

/** A ring around a pole ends one turn from where it began (Antarctica): its way back is along the pole. */
export function closed(ring: Position[]): Position[] {
	const first = ring[0];
	const last = ring.at(-1);
	if (!first || !last || Math.abs((last[0] ?? 0) - (first[0] ?? 0)) < 180) return ring;
	return [...ring, [last[0] ?? 0, pole], [first[0] ?? 0, pole], first];
}

function rounded([longitude = 0, latitude = 0]: Position): Position {
	return [Number(longitude.toFixed(decimals)), Number(latitude.toFixed(decimals))];
}
