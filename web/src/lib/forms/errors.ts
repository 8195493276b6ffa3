import type { ApiError } from '$lib/api/problem';

/**
 * What the server says of one field. It names fields by their path in the
 * request (`intentions[0].system.check.url`); the last part is the input's name.
 */
export function fieldError(error: ApiError | null, field: string): string | null {
	const named = error?.field?.split(/[.[\]/]+/).filter(Boolean).at(-1);
	if (!error || named !== field) return null;
	// The detail begins with the path again, which says nothing beside the field itself.
	return error.detail?.replace(/^[\w.[\]]+: /, '') ?? error.code;
}

/** Whether a refusal is shown at one of these fields, and so not above the form again. */
export function isShownAtField(error: ApiError | null, fields: readonly string[]): boolean {
	return fields.some((field) => fieldError(error, field) !== null);
}
