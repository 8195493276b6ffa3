import type * as maplibre from 'maplibre-gl';

export type Library = typeof maplibre;

let loaded: Promise<Library> | null = null;

/**
 * The map's library, which comes with the first map. Its worker is a file of our own server's: one made
 * of a blob would need more than the page's policy lets.
 */
export function loadLibrary(): Promise<Library> {
	loaded ??= Promise.all([
		import('maplibre-gl/dist/maplibre-gl-csp'),
		import('maplibre-gl/dist/maplibre-gl-csp-worker?url'),
		import('maplibre-gl/dist/maplibre-gl.css')
	]).then(([{ default: library }, { default: worker }]) => {
		library.setWorkerUrl(worker);
		return library;
	});
	loaded.catch(() => (loaded = null));
	return loaded;
}
