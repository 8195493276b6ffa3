import type { Problem } from './types';

/**
 * A call that did not succeed. `code` is one of docs/API.md, or `network` when
 * no answer came at all: then nobody knows whether a write was carried out.
 */
export class ApiError extends Error {
	override name = 'ApiError';
	constructor(
		readonly code: string,
		readonly status: number,
		readonly problem: Problem | null
	) {
		super(problem?.detail ?? problem?.title ?? code);
	}

	get field(): string | null {
		return this.problem?.field ?? null;
	}
	get detail(): string | null {
		return this.problem?.detail ?? null;
	}
	get requestId(): string | null {
		return this.problem?.request_id ?? null;
	}
}

const codeOfStatus: Record<number, string> = {
	401: 'unauthenticated',
	403: 'forbidden',
	404: 'not_found',
	409: 'conflict',
	412: 'stale',
	413: 'too_large',
	428: 'precondition_required',
	429: 'limit'
};

/** The refusal that an HTTP answer stands for, whatever its body is. */
export function refusal(status: number, body: unknown): ApiError {
	const problem = isProblem(body) ? body : null;
	// A proxy's own error page says as little about a write as no answer at all.
	const code = problem?.code ?? codeOfStatus[status] ?? (status >= 500 ? 'network' : 'invalid');
	return new ApiError(code, status, problem);
}

export function asApiError(cause: unknown): ApiError {
	return cause instanceof ApiError ? cause : new ApiError('network', 0, null);
}

function isProblem(body: unknown): body is Problem {
	return typeof body === 'object' && body !== null && 'code' in body;
}
