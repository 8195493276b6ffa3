import { asApiError, type ApiError } from '$lib/api/problem';

/** Something read once (and again on demand); what was read before stays until the new is here. */
export class Load<T> {
	value = $state.raw<T | null>(null);
	error = $state.raw<ApiError | null>(null);
	busy = $state(false);
	private turn = 0;

	constructor(private readonly read: () => Promise<T>) {}

	async run(): Promise<void> {
		const turn = ++this.turn;
		this.busy = true;
		try {
			const value = await this.read();
			if (turn !== this.turn) return; // a later read is under way
			this.value = value;
			this.error = null;
		} catch (cause) {
			if (turn === this.turn) this.error = asApiError(cause);
		} finally {
			if (turn === this.turn) this.busy = false;
		}
	}
}
