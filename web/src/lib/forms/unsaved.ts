import { beforeNavigate } from '$app/navigation';
import { t } from '$lib/i18n/index.svelte';

/** Asks before what was typed gets lost. Call it while a component is being made. */
export function guardUnsaved(dirty: () => boolean): void {
	beforeNavigate((navigation) => {
		if (!dirty()) return;
		if (navigation.willUnload) navigation.cancel(); // the browser asks in its own words
		else if (!confirm(t.form.unsaved)) navigation.cancel();
	});
}
