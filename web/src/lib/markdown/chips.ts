import { follow } from '$lib/state/app.svelte';
import { ChipFollows } from './chip-follows';

/** Those of the page. */
export const chips = new ChipFollows((id) => follow(`node:${id}`));
