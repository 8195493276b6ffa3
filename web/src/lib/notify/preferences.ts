import type { Preferences } from '$lib/api/types';
import { viewersZone } from '$lib/maintenance/plan';

/** Quiet hours as a form has them: they keep their times while they are off. */
export interface PreferenceValues {
	in_app: boolean;
	mail: boolean;
	ntfy: boolean;
	isQuiet: boolean;
	from: string;
	to: string;
	timezone: string;
}

export function valuesOf({ quiet, in_app, mail, ntfy }: Preferences): PreferenceValues {
	const hours = quiet ?? { from: '22:00', to: '07:00', timezone: viewersZone() };
	return { in_app, mail, ntfy, isQuiet: quiet !== null, ...hours };
}

export function preferencesOf({ in_app, mail, ntfy, isQuiet, from, to, timezone }: PreferenceValues): Preferences {
	// A browser may add seconds to what its field holds.
	const quiet = { from: from.slice(0, 5), to: to.slice(0, 5), timezone: timezone.trim() };
	return { in_app, mail, ntfy, quiet: isQuiet ? quiet : null };
}
