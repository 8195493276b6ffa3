/** These with one of them at another place, which is kept within the list. */
export function movedTo(ids: readonly string[], id: string, to: number): string[] {
	const rest = ids.filter((one) => one !== id);
	const at = Math.max(0, Math.min(rest.length, to));
	return [...rest.slice(0, at), id, ...rest.slice(at)];
}

/** Where something dragged to `y` belongs among rows with these middles, from the top on; its own does not count. */
export function placeAt(y: number, middles: readonly number[], from: number): number {
	return middles.filter((middle, index) => index !== from && middle < y).length;
}
