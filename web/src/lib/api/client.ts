import createClient, { type Middleware } from 'openapi-fetch';
import { ApiError, refusal } from './problem';
import type { paths } from './schema';

/** No request without a time-out (the server's own bound is shorter). */
const timeout_ms = 20_000;

/** By then every instance is past it, or reads from the database by itself. */
const position_lasts_ms = 10_000;

/**
 * Every write answers with its position in the change feed; the reads that
 * follow carry the newest one, so that they see the write on whichever instance
 * they land.
 */
let position: string | null = null;
let position_at_ms = 0;

const readYourWrites: Middleware = {
	onRequest({ request }) {
		if (position && performance.now() - position_at_ms > position_lasts_ms) position = null;
		if (position && request.method === 'GET') request.headers.set('Synops-After', position);
	},
	onResponse({ response }) {
		const newest = response.headers.get('Synops-Position');
		if (newest) [position, position_at_ms] = [newest, performance.now()];
	}
};

async function boundedFetch(request: Request): Promise<Response> {
	try {
		const limit = AbortSignal.timeout(timeout_ms);
		return await fetch(request, { signal: AbortSignal.any([request.signal, limit]) });
	} catch (cause) {
		if (request.signal.aborted) throw cause;
		throw new ApiError('network', 0, null);
	}
}

export const api = createClient<paths>({ baseUrl: '', fetch: boundedFetch });
api.use(readYourWrites);

/** The data of an answer, or its refusal thrown. */
export async function take<T>(
	call: Promise<{ data?: T; error?: unknown; response: Response }>
): Promise<T> {
	const { data, error, response } = await call;
	if (!response.ok) throw refusal(response.status, error);
	return data as T;
}

/** For the next read only to be as new as what others know: at sign-out. */
export function forgetPosition(): void {
	position = null;
}
