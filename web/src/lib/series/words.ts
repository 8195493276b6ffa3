import { beginOf } from '$lib/calendar/days';
import { dateFormat } from '$lib/i18n/formats';
import { i18n, t } from '$lib/i18n/index.svelte';
import { placeInMonth, repeatOf, weekdays, type Weekday } from './rule';

/** A Monday. */
const monday = '2024-01-01';

export function weekdayName(day: Weekday, length: 'short' | 'long' = 'long'): string {
	const date = new Date(beginOf(monday));
	date.setDate(1 + weekdays.indexOf(day));
	return dateFormat(i18n.tag, { weekday: length }).format(date);
}

export function dayName(day: string): string {
	return dateFormat(i18n.tag, { dateStyle: 'long' }).format(beginOf(day));
}

/** Which weekday of its month a begin is, in words: "on the second Tuesday". */
export function onWeekday(starts: string): string {
	const { day, nth } = placeInMonth(starts);
	return t.series.onWeekday(t.series.nth[String(nth) as '1'] ?? '', weekdayName(day));
}

/** A rule as people say it; one that says more than that stands for itself. */
export function wordsOf(rule: string | null, starts: string): string {
	if (!rule) return t.series.listed;
	const repeat = repeatOf(rule);
	if (!repeat) return rule;
	// A weekly rule without days is on that of its begin (RFC 5545).
	const days = repeat.days.length > 0 ? repeat.days : [placeInMonth(starts).day];
	const list = new Intl.ListFormat(i18n.tag).format(days.map((day) => weekdayName(day)));
	const on =
		repeat.frequency === 'WEEKLY'
			? t.series.on(list)
			: repeat.frequency === 'MONTHLY'
				? repeat.monthly === 'weekday'
					? onWeekday(starts)
					: t.series.onDate(Number(starts.slice(8, 10)))
				: '';
	const end =
		repeat.ending === 'count'
			? t.series.times(repeat.count)
			: repeat.ending === 'until'
				? t.series.untilDay(dayName(repeat.until))
				: '';
	const often = [t.series.every[repeat.frequency](repeat.interval), on].filter((part) => part !== '').join(' ');
	return end ? `${often}, ${end}` : often;
}
