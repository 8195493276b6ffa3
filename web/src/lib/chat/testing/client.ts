import type { Environment } from 'vitest/runtime';

/** Runes as the browser has them: what is compiled for the server does not react. */
export default {
	name: 'client',
	viteEnvironment: 'client',
	setup: () => ({ teardown: () => undefined })
} satisfies Environment;
