import { toast } from 'svelte-sonner';
import { goto } from '$app/navigation';
import { asApiError } from '$lib/api/problem';
import { t } from '$lib/i18n/index.svelte';
import type { Waiting } from './connection';

/** What an error is called, in the viewer's language. */
export function refusalText(cause: unknown): string {
	const { code, detail } = asApiError(cause);
	const known: unknown = t.problem[code as 'invalid'];
	return typeof known === 'string' ? known : (detail ?? t.problem.invalid);
}

/** A message was refused where nobody sees it: one word of it at a time, and the way to where it is listed. */
export function sayUnsent({ problem }: Pick<Waiting, 'problem'>): void {
	const action = { label: t.chat.showUnsent, onClick: () => void goto('/channels') };
	toast.error(t.chat.wasNotSent, { id: 'unsent', description: problem ? refusalText(problem) : undefined, action });
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
