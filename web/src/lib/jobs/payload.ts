/** JSON as people edit it. */
export const shown = (value: unknown): string => JSON.stringify(value, null, 2);

/** What was typed, or why it is no JSON object. */
export function parsed(text: string): { value: Record<string, unknown> } | { error: string } {
	try {
		const value: unknown = JSON.parse(text);
		if (typeof value !== 'object' || value === null || Array.isArray(value)) return { error: '{ … }' };
		return { value: value as Record<string, unknown> };
	} catch (cause) {
		return { error: cause instanceof Error ? cause.message : String(cause) };
	}
}
