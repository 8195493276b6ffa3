import { onDestroy } from 'svelte';
import { SvelteSet } from 'svelte/reactivity';
import { beforeNavigate } from '$app/navigation';
import { t } from '$lib/i18n/index.svelte';

/** The forms that are open. */
const forms = new SvelteSet<() => boolean>();

/** Whether something typed on this page is not saved. */
export function hasUnsaved(): boolean {
	return [...forms].some((dirty) => dirty());
}

/** Asks before what was typed gets lost. Call it while a component is being made. */
export function guardUnsaved(dirty: () => boolean): void {
	forms.add(dirty);
	onDestroy(() => forms.delete(dirty));
	beforeNavigate((navigation) => {
		if (!dirty()) return;
		if (navigation.willUnload) navigation.cancel(); // the browser asks in its own words
		else if (!confirm(t.form.unsaved)) navigation.cancel();
	});
}
