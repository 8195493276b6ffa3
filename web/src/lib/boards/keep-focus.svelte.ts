/**
 * A card that goes to another place is made anew there, or moved about in the page: either way it loses the
 * focus, whoever moved it. Call it while a component is being made; `read` reads what places depend on.
 */
export function keepFocus(board: () => HTMLElement | undefined, read: () => unknown): void {
	let focused: { card: string; part: string } | null = null;

	$effect.pre(() => {
		read();
		const active = document.activeElement as HTMLElement | null;
		const card = board()?.contains(active) ? active?.closest<HTMLElement>('[data-card]')?.dataset.card : undefined;
		const part = active?.dataset.part;
		focused = card && part ? { card, part } : null;
	});
	$effect(() => {
		read();
		const active = document.activeElement;
		if (!focused || (active && active !== document.body)) return;
		const { card, part } = focused;
		board()?.querySelector<HTMLElement>(`[data-card="${card}"] [data-part="${part}"]`)?.focus();
	});
}
