import { toast } from 'svelte-sonner';
import { asApiError } from '$lib/api/problem';
import { t } from '$lib/i18n/index.svelte';

/** What an error is called, in the viewer's language. */
export function refusalText(cause: unknown): string {
	const { code, detail } = asApiError(cause);
	const known: unknown = t.problem[code as 'invalid'];
	return typeof known === 'string' ? known : (detail ?? t.problem.invalid);
}

/** For what is done by one press and has no place of its own to say why it was not. */
export async function orSay(call: Promise<unknown>): Promise<boolean> {
	try {
		await call;
		return true;
	} catch (cause) {
		toast.error(refusalText(cause));
		return false;
	}
}
