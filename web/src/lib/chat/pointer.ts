import { MediaQuery } from 'svelte/reactivity';

/** Nothing can be pointed at without a touch. */
export const byFinger = new MediaQuery('(hover: none)');
