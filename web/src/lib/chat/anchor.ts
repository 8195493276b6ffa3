/** So near to the end one is at it (px): what comes is scrolled to. */
const end_px = 8;

/** What scrolls: how far it is scrolled, how long it is, how much of it is seen (px). */
export interface Scrolled {
	scrollTop: number;
	scrollHeight: number;
	clientHeight: number;
}

export const leftBelow = ({ scrollTop, scrollHeight, clientHeight }: Scrolled) => scrollHeight - clientHeight - scrollTop;

export const isAtEnd = (view: Scrolled) => leftBelow(view) <= end_px;

/** How much of what begins at `top` and is so high is above the window's lower edge, and whether all of it is. */
export function inWindow(top: number, height: number, window_height: number): { height: number; whole: boolean } {
	const left = window_height - top;
	return { height: Math.max(0, Math.min(height, left)), whole: left >= height - end_px };
}

/** The first of so many rows that ends below this line; `count` when none does. Rows lie one below the other. */
export function firstBelow(count: number, bottomOf: (index: number) => number, line: number): number {
	let [from, to] = [0, count];
	while (from < to) {
		const middle = (from + to) >> 1;
		if (bottomOf(middle) > line) to = middle;
		else from = middle + 1;
	}
	return from;
}

/** Which ends of what is there are so near that more should be read: within so many heights of what is seen. */
export function nearEnds(view: Scrolled, heights = 3): { older: boolean; newer: boolean } {
	const near = view.clientHeight * heights;
	return { older: view.scrollTop < near, newer: leftBelow(view) < near };
}
