import { getContext } from 'svelte';
import type { Carrying } from './carrying.svelte';
import type { BoardDesk } from './desk.svelte';
import type { Dragging } from './dragging.svelte';

/** What the parts of one board work with. */
export interface Tools {
	desk: BoardDesk;
	carrying: Carrying;
	dragging: Dragging;
	/** The id of the text that says how cards are moved by keyboard. */
	help: string;
	writable(): boolean;
}

export const tools_key = Symbol('board');

/** Call it while a component is being made. */
export const tools = () => getContext<Tools>(tools_key);
