import adapter from './adapter.js';

/** @type {import('@sveltejs/kit').Config} */
export default {
	kit: {
		adapter: adapter(),
		// Deep links are answered with index.html, so all paths must be absolute.
		paths: { relative: false },
		alias: { $ui: 'src/lib/ui' },
		version: { pollInterval: 0 }
	}
};
