import type { Attachment } from 'svelte/attachments';

/** Gives an element the height that is left of the window below where it begins, and `least_px` at least. */
export function fillHeight(below_px: number, least_px: number): Attachment<HTMLElement> {
	return (element) => {
		const fit = () => {
			const top = Math.round(element.getBoundingClientRect().top + scrollY);
			element.style.height = `max(${least_px}px, calc(100dvh - ${top + below_px}px))`;
		};
		fit();
		// What stands above may come and go: a banner, an announcement.
		const sizes = new ResizeObserver(fit);
		sizes.observe(document.body);
		return () => sizes.disconnect();
	};
}
