/** Whether the palette is open: its buttons and keys are in several places. */
class PaletteState {
	open = $state(false);
	/** What is typed before its field has the focus, which takes a moment; null once it has. */
	early: string | null = null;

	/** By its key: whoever knows it types on at once. */
	openByKey(): void {
		this.early = '';
		this.open = true;
	}

	takeEarly(): string {
		const early = this.early ?? '';
		this.early = null;
		return early;
	}
}

export const palette = new PaletteState();
