/** A day in the viewer's zone, as `YYYY-MM-DD`. */
export type Day = string;
export type Span = 'month' | 'week';

const two = (value: number) => String(value).padStart(2, '0');

export function dayOf(at: number | Date): Day {
	const date = new Date(at);
	return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** Its first moment (ms): where the clocks change at midnight, the first there is. */
export function beginOf(day: Day): number {
	const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
	return new Date(year, month - 1, date).getTime();
}

export function isDay(text: string | null): text is Day {
	return text !== null && /^\d{4}-\d\d-\d\d$/.test(text) && dayOf(beginOf(text)) === text;
}

export function plusDays(day: Day, count: number): Day {
	const date = new Date(beginOf(day));
	return dayOf(new Date(date.getFullYear(), date.getMonth(), date.getDate() + count));
}

/** So many months on, on the same date or the last of a shorter month. */
export function plusMonths(day: Day, count: number): Day {
	const date = new Date(beginOf(day));
	const [year, month] = [date.getFullYear(), date.getMonth() + count];
	const last = new Date(year, month + 1, 0).getDate();
	return dayOf(new Date(year, month, Math.min(date.getDate(), last)));
}

/** From Monday on: 0 to 6. */
export function weekdayOf(day: Day): number {
	return (new Date(beginOf(day)).getDay() + 6) % 7;
}

/** The weeks that the span around a day touches, whole, from Mondays on. */
export function weeksOf(span: Span, around: Day): Day[][] {
	const first = span === 'week' ? around : `${around.slice(0, 8)}01`;
	const last = span === 'week' ? around : plusDays(plusMonths(first, 1), -1);
	const weeks: Day[][] = [];
	for (let monday = plusDays(first, -weekdayOf(first)); monday <= last; monday = plusDays(monday, 7)) {
		weeks.push(Array.from({ length: 7 }, (_, index) => plusDays(monday, index)));
	}
	return weeks;
}

export function move(span: Span, day: Day, by: number): Day {
	return span === 'week' ? plusDays(day, 7 * by) : plusMonths(day, by);
}

/** Where a key leads from a day; null for a key that leads nowhere. */
export function dayByKey(key: string, day: Day): Day | null {
	switch (key) {
		case 'ArrowLeft':
			return plusDays(day, -1);
		case 'ArrowRight':
			return plusDays(day, 1);
		case 'ArrowUp':
			return plusDays(day, -7);
		case 'ArrowDown':
			return plusDays(day, 7);
		case 'Home':
			return plusDays(day, -weekdayOf(day));
		case 'End':
			return plusDays(day, 6 - weekdayOf(day));
		case 'PageUp':
			return plusMonths(day, -1);
		case 'PageDown':
			return plusMonths(day, 1);
		default:
			return null;
	}
}

export interface Window {
	starts_at: string;
	ends_at: string;
}

/** Whether a window touches a day; one that ends as the day begins does not. */
export function touches({ starts_at, ends_at }: Window, day: Day): boolean {
	return Date.parse(starts_at) < beginOf(plusDays(day, 1)) && Date.parse(ends_at) > beginOf(day);
}

/** How much of a window falls on a day: it begins there, ends there, both, or goes through it. */
export function partOn({ starts_at, ends_at }: Window, day: Day): 'whole' | 'begin' | 'end' | 'through' {
	const begins = Date.parse(starts_at) >= beginOf(day);
	const ends = Date.parse(ends_at) <= beginOf(plusDays(day, 1));
	return begins ? (ends ? 'whole' : 'begin') : ends ? 'end' : 'through';
}
