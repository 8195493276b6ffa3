import { bytes, latency, span } from '$lib/i18n/format';

export interface Measure {
	name: string;
	value: string;
	/** When it is a moment, for the exact time on hover. */
	at: string | null;
}

const timeLike = /^\d{4}-\d\d-\d\dT/;

/** The server's own names and figures, their unit read off the name (`lag_ms`, `size_bytes`). */
export function measures(part: Record<string, unknown>, tag: string): Measure[] {
	return Object.entries(part).flatMap(([key, value]) => {
		if (value === null || value === undefined) return [];
		if (typeof value === 'object' && !Array.isArray(value)) {
			return measures(value as Record<string, unknown>, tag).map((inner) => ({
				...inner,
				name: `${nameOf(key)} ${inner.name}`
			}));
		}
		const at = typeof value === 'string' && timeLike.test(value) ? value : null;
		return [{ name: nameOf(key), value: text(key, value, tag), at }];
	});
}

function text(key: string, value: unknown, tag: string): string {
	if (Array.isArray(value)) return value.join(', ');
	if (typeof value !== 'number') return String(value);
	if (key.endsWith('_bytes')) return bytes(value, tag);
	if (key.endsWith('_ms')) return latency(value, tag);
	if (key.endsWith('_s')) return span(value * 1000);
	const number = new Intl.NumberFormat(tag, { maximumFractionDigits: 2 }).format(value);
	return key.endsWith('_percent') ? `${number} %` : number;
}

function nameOf(key: string): string {
	return key.replace(/_(ms|s|bytes|percent|at)$/, '').replaceAll('_', ' ');
}
