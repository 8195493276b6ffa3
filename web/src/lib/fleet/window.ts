/** Rows above and below what is seen, so that scrolling shows no gap. */
const spare_rows = 8;
/** A row more would only slow the page down. */
export const rows_max = 200;

/** Which rows of a long list are in the page, from and up to (not with) these. */
export function windowOf(scrolled_px: number, height_px: number, row_px: number, count: number): { from: number; to: number } {
	const shown = Math.ceil(height_px / row_px) + 1;
	const first = Math.floor(Math.max(0, scrolled_px) / row_px);
	const from = Math.max(0, Math.min(first, count - shown) - spare_rows);
	return { from, to: Math.min(count, from + Math.min(rows_max, shown + 2 * spare_rows)) };
}

/** Where to scroll to for this row to be seen; null: it is. */
export function scrollTo(index: number, scrolled_px: number, height_px: number, row_px: number): number | null {
	const top = index * row_px;
	if (top < scrolled_px) return top;
	if (top + row_px > scrolled_px + height_px) return top + row_px - height_px;
	return null;
}
