import { span } from '$lib/i18n/format';
import { numberFormat } from '$lib/i18n/formats';
import { i18n, t } from '$lib/i18n/index.svelte';

export function speedText(kmh: number | null | undefined): string {
	return kmh == null ? '–' : `${numberFormat(i18n.tag, { maximumFractionDigits: 0 }).format(kmh)} km/h`;
}

export function distanceText(metres: number): string {
	const far = metres >= 1_000;
	const number = numberFormat(i18n.tag, { maximumFractionDigits: far && metres < 100_000 ? 1 : 0 });
	return far ? `${number.format(metres / 1_000)} km` : `${number.format(metres)} m`;
}

/** To about a metre. */
export function placeText(latitude: number, longitude: number): string {
	return `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`;
}

const winds = 8;

/** The way it heads, such as `north-east (47°)`. */
export function headingText(degrees: number): string {
	const wind = Math.round((((degrees % 360) + 360) % 360) / (360 / winds)) % winds;
	return `${t.fleet.winds[wind] ?? ''} (${Math.round(degrees)}°)`;
}

/** How long from one time to another, or to now. */
export const lastedText = (from: string, to: string | null, now: number): string => span((to ? Date.parse(to) : now) - Date.parse(from));
