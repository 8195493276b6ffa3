import type { Attachment } from 'svelte/attachments';

const told = new WeakMap<Element, (seen: boolean) => void>();
let observer: IntersectionObserver | undefined;

/** Tells whether the element is in view: of the page, and of whatever it scrolls in. */
export function inView(tell: (seen: boolean) => void): Attachment {
	return (element) => {
		observer ??= new IntersectionObserver((entries) => {
			for (const { target, isIntersecting } of entries) told.get(target)?.(isIntersecting);
		});
		told.set(element, tell);
		observer.observe(element);
		return () => {
			observer?.unobserve(element);
			told.delete(element);
		};
	};
}
