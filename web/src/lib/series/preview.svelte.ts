import { previewSeries, type Timing } from '$lib/api/series';
import { asApiError, type ApiError } from '$lib/api/problem';
import type { SeriesWindow } from '$lib/api/types';

const pause_ms = 250;
const count = 8;

/** The next windows of what is typed, as the server works them out: it knows the changes of the clock. */
export class Preview {
	windows = $state.raw<SeriesWindow[] | null>(null);
	error = $state.raw<ApiError | null>(null);
	/** What `windows` are about. */
	of = $state('');

	/** For an effect: asks soon, and no more once it ends. Null: nothing that could be asked for. */
	ask(timing: Timing | null): () => void {
		if (!timing) return () => undefined;
		const abort = new AbortController();
		const timer = setTimeout(async () => {
			try {
				const { items } = await previewSeries({ ...timing, count }, abort.signal);
				if (abort.signal.aborted) return;
				this.windows = items;
				this.error = null;
				this.of = JSON.stringify(timing);
			} catch (cause) {
				if (!abort.signal.aborted) this.error = asApiError(cause);
			}
		}, pause_ms);
		return () => {
			clearTimeout(timer);
			abort.abort();
		};
	}
}
