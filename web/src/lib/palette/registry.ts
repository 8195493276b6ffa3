import type { Component } from 'svelte';
import type { NodeKind } from '$lib/api/types';

/** One line of the palette. */
export interface Command {
	/** Its own, also among those of other providers. */
	id: string;
	title: string;
	/** Where it is, or what it does. */
	hint?: string | null;
	/** A piece of text around what was asked for. */
	snippet?: { text: string; hit: boolean }[];
	/** Its picture: that of a kind of node, or one of its own. */
	kind?: NodeKind;
	icon?: Component;
	run(): unknown;
}

/** What a module brings into the palette. */
export interface Provider {
	id: string;
	title(): string;
	/** What fits to what was typed; with nothing typed, what is worth offering. */
	find(q: string, signal: AbortSignal): Command[] | Promise<Command[]>;
}

const known: Provider[] = [];

/** Adds a provider behind the present ones. Answers how to take it back. */
export function register(provider: Provider): () => void {
	known.push(provider);
	return () => known.splice(known.indexOf(provider), 1);
}

export const providers: readonly Provider[] = known;
