import { boot } from '$lib/state/app.svelte';

// Everything is made in the browser; the server only hands out files and data.
export const ssr = false;
export const prerender = false;

/** Before the first render: who looks at the page, and how it hears of changes. */
export async function load(): Promise<{ reachable: boolean }> {
	try {
		await boot();
		return { reachable: true };
	} catch {
		return { reachable: false };
	}
}
