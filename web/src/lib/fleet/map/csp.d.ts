// The build of the map's library whose worker is a file of its own, as the page's policy wants it.
declare module 'maplibre-gl/dist/maplibre-gl-csp' {
	import * as maplibre from 'maplibre-gl';
	export default maplibre;
}
