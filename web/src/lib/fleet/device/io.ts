import type { IoValue } from '$lib/api/fleet';
import { numberFormat } from '$lib/i18n/formats';
import { i18n, t } from '$lib/i18n/index.svelte';

/** The server's names are English; as keys of messages they are `external_voltage` for `External voltage`. */
const keyOf = (name: string): string => name.toLowerCase().replaceAll(' ', '_');

/** Whether it is on or off, and nothing else. */
const switches = new Set(['ignition', 'movement', 'sleep_mode']);
const isSwitch = (name: string | null): boolean => name !== null && (switches.has(keyOf(name)) || /^digital_(in|out)put_\d/.test(keyOf(name)));

/** What a value is called: by name where it has one, and by its number where not. */
export function ioTitle({ id, name }: IoValue): string {
	if (name === null) return t.device.ioUnknown(id);
	return t.device.ioNames[keyOf(name)] ?? name;
}

/** In the server's units, and far ways as people measure: 14.1 V, 182,034 km. */
export function ioText({ name, value, unit }: IoValue): string {
	if (typeof value === 'string') return value;
	if (isSwitch(name) && (value === 0 || value === 1)) return value === 1 ? t.device.on : t.device.off;
	const number = (of: number, digits: number) => numberFormat(i18n.tag, { maximumFractionDigits: digits }).format(of);
	if (unit === 'V') return `${number(value, 2)} V`;
	if (unit === 'm' && value >= 10_000) return `${number(value / 1_000, 0)} km`;
	return unit ? `${number(value, 1)} ${unit}` : number(value, 3);
}

/** Those with a name first, each part by its number. */
export const ioInOrder = (values: IoValue[]): IoValue[] =>
	[...values].sort((a, b) => Number(a.name === null) - Number(b.name === null) || (a.name !== null ? ioTitle(a).localeCompare(ioTitle(b)) : a.id - b.id));
