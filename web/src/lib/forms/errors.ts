import type { ApiError } from '$lib/api/problem';

/**
 * What the server says of one field. It names fields by their path in the
 * request (`intentions[0].system.check.url`); the last part is the input's name.
 */
export function fieldError(error: ApiError | null, field: string): string | null {
	const named = error?.field?.split(/[.[\]/]+/).filter(Boolean).at(-1);
	return named === field ? (error?.detail ?? error?.code ?? null) : null;
}

/** Whether a refusal is shown at one of these fields, and so not above the form again. */
export function isShownAtField(error: ApiError | null, fields: readonly string[]): boolean {
	return fields.some((field) => fieldError(error, field) !== null);
}
