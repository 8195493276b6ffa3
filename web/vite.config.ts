import { sveltekit } from '@sveltejs/kit/vite';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vitest/config';

// `npm run dev` passes the API on to a running server. Its Origin is rewritten,
// since the server refuses writes that come from another one.
const server = process.env.SYNOPS_URL ?? 'http://127.0.0.1:7171';

export default defineConfig({
	plugins: [tailwindcss(), sveltekit()],
	server: {
		proxy: { '/api': { target: server, ws: true, changeOrigin: true, headers: { origin: server } } }
	},
	// The runes of `.svelte.ts` files only react in Svelte's client build.
	resolve: process.env.VITEST ? { conditions: ['browser'] } : {},
	test: {
		projects: [
			{ extends: true, test: { name: 'node', include: ['src/**/*.test.ts'], exclude: ['src/**/*.svelte.test.ts'], environment: 'node' } },
			// Effects react here as they do in a browser.
			{ extends: true, test: { name: 'client', include: ['src/**/*.svelte.test.ts'], environment: './src/lib/chat/testing/client.ts' } }
		]
	}
});
