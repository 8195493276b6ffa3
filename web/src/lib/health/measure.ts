import { bytes, latency, span } from '$lib/i18n/format';
import { numberFormat } from '$lib/i18n/formats';
import { t } from '$lib/i18n/index.svelte';

export interface Measure {
	/** The server's name for it; two may share the shown one (`wait_ms`, `wait_bytes`). */
	key: string;
	name: string;
	value: string;
	/** When it is a moment, for the exact time on hover. */
	at: string | null;
}

const timeLike = /^\d{4}-\d\d-\d\dT/;

/** The server's own names and figures, their unit read off the name (`lag_ms`, `size_bytes`). */
export function measures(part: object, tag: string): Measure[] {
	return Object.entries(part).flatMap(([key, value]: [string, unknown]): Measure[] => {
		if (value === null || value === undefined) return [];
		if (typeof value === 'object' && !Array.isArray(value)) {
			return measures(value, tag).map((inner) => ({
				...inner,
				key: `${key}.${inner.key}`,
				name: `${nameOf(key)} ${inner.name}`
			}));
		}
		const at = typeof value === 'string' && timeLike.test(value) ? value : null;
		return [{ key, name: nameOf(key), value: text(key, value, tag), at }];
	});
}

function text(key: string, value: unknown, tag: string): string {
	if (Array.isArray(value)) return value.join(', ');
	if (typeof value === 'boolean') return value ? t.system.yes : t.system.no;
	if (typeof value !== 'number') return String(value);
	if (key.endsWith('_bytes')) return bytes(value, tag);
	if (key.endsWith('_ms')) return latency(value, tag);
	if (key.endsWith('_s')) return value < 60 ? latency(value * 1000, tag) : span(value * 1000);
	const number = numberFormat(tag, { maximumFractionDigits: 2 }).format(value);
	return key.endsWith('_percent') ? `${number} %` : number;
}

function nameOf(key: string): string {
	return key.replace(/_(ms|s|bytes|percent)$/, '').replaceAll('_', ' ');
}
