import type { CacheScope } from '$lib/api/types';
import { numberFormat } from '$lib/i18n/formats';

export interface Totals {
	asked: number;
	/** Null before the first is asked for. */
	hit_rate: number | null;
	troubles: number;
	/** Null where any is not known. */
	entries: number | null;
	bytes: number | null;
}

const asked = ({ hits, joins, misses }: CacheScope) => hits + joins + misses;

/** What the scopes come to. */
export function totalsOf(scopes: CacheScope[]): Totals {
	const sum = (of: (scope: CacheScope) => number) => scopes.reduce((all, scope) => all + of(scope), 0);
	const known = (of: (scope: CacheScope) => number | null | undefined) =>
		scopes.every((scope) => typeof of(scope) === 'number') ? sum((scope) => of(scope) ?? 0) : null;
	const all = sum(asked);
	return {
		asked: all,
		hit_rate: all > 0 ? sum(({ hits, joins }) => hits + joins) / all : null,
		troubles: sum(({ troubles }) => troubles),
		entries: known(({ entries }) => entries),
		bytes: known(({ bytes }) => bytes)
	};
}

/** Down, never up: 99.96 % is not all. */
export function percent(rate: number | null | undefined, tag: string): string {
	if (rate === null || rate === undefined) return '–';
	const tenths = Math.floor(rate * 1000) / 10;
	return `${numberFormat(tag, { maximumFractionDigits: 1 }).format(tenths)} %`;
}
