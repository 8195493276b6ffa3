/** The message that has the focus itself, rather than something in it. */
export function onlyArticle({ target }: { target: EventTarget | null }): HTMLElement | null {
	return target instanceof HTMLElement && target.matches('[data-message]') ? target : null;
}

/** Where a key leads from a message in a list of them; null: it is none of ours. */
export function rovingKey(key: string, row: HTMLElement): HTMLElement | null {
	const all = [...(row.parentElement?.querySelectorAll<HTMLElement>(':scope > [data-message]') ?? [])];
	const at = all.indexOf(row);
	const steps: Record<string, number> = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: all.length - 1 };
	const to = steps[key];
	return to === undefined ? null : (all[Math.max(0, Math.min(all.length - 1, to))] ?? null);
}

/** Whether a key sends what is written. What one touches has no Shift to make a new line with: there the button sends. */
export const sends = ({ key, shiftKey }: Pick<KeyboardEvent, 'key' | 'shiftKey'>, byFinger: boolean) => key === 'Enter' && !shiftKey && !byFinger;
