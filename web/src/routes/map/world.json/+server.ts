import { json } from '@sveltejs/kit';
import type { Topology } from 'topojson-specification';
import { worldOf } from '$lib/fleet/map/world';
import atlas from 'world-atlas/countries-50m.json';

/** Made when the page is built: a file of our own server's, read when a map is first looked at. */
export const prerender = true;

export const GET = () => json(worldOf(atlas as unknown as Topology));
