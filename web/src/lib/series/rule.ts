import { weekdayOf } from '$lib/calendar/days';

export const frequencies = ['DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'] as const;
export type Frequency = (typeof frequencies)[number];
/** From Monday on, as RFC 5545 writes them. */
export const weekdays = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'] as const;
export type Weekday = (typeof weekdays)[number];
export type Ending = 'never' | 'count' | 'until';

/** What the fields of "comes again" hold. */
export interface Repeat {
	frequency: Frequency;
	interval: number;
	/** Of a weekly rule. */
	days: Weekday[];
	/** Of a monthly rule: on the date, or on the weekday of the begin: the first (1) to the last (-1). */
	monthly: 'date' | 'weekday';
	ending: Ending;
	count: number;
	/** A day, or empty. */
	until: string;
}

export const once: Repeat = {
	frequency: 'WEEKLY',
	interval: 1,
	days: [],
	monthly: 'date',
	ending: 'never',
	count: 10,
	until: ''
};

/** The weekday of a begin, and which of its month it is: 1 to 4, and -1 for one in the last seven days. */
export function placeInMonth(starts: string): { day: Weekday; nth: number } {
	const [year = 0, month = 1, date = 1] = starts.slice(0, 10).split('-').map(Number);
	const last = new Date(year, month, 0).getDate();
	const day = weekdays[weekdayOf(starts.slice(0, 10))] ?? 'MO';
	return { day, nth: date + 7 > last ? -1 : Math.ceil(date / 7) };
}

/** The rule of RFC 5545 for a series that begins then (`YYYY-MM-DDTHH:MM`). */
export function ruleOf(repeat: Repeat, starts: string): string {
	const { frequency, interval, days, monthly, ending, count, until } = repeat;
	const place = placeInMonth(starts);
	const chosen = weekdays.filter((day) => days.includes(day) || (days.length === 0 && day === place.day));
	return [
		`FREQ=${frequency}`,
		...(interval > 1 ? [`INTERVAL=${interval}`] : []),
		...(frequency === 'WEEKLY' ? [`BYDAY=${chosen.join(',')}`] : []),
		...(frequency === 'MONTHLY' && monthly === 'weekday' ? [`BYDAY=${place.day}`, `BYSETPOS=${place.nth}`] : []),
		...(ending === 'count' ? [`COUNT=${count}`] : []),
		...(ending === 'until' && until ? [`UNTIL=${until.replaceAll('-', '')}`] : [])
	].join(';');
}

/** What a rule says, as far as these fields can say it; null for one that was written by hand and says more. */
export function repeatOf(rule: string): Repeat | null {
	const parts = new Map(rule.split(';').map((part) => part.split('=', 2) as [string, string]));
	const frequency = frequencies.find((one) => one === parts.get('FREQ'));
	const days = (parts.get('BYDAY') ?? '').split(',').filter((day) => day !== '');
	const known = new Set(['FREQ', 'INTERVAL', 'BYDAY', 'BYSETPOS', 'COUNT', 'UNTIL']);
	if (!frequency || [...parts.keys()].some((name) => !known.has(name))) return null;
	if (!days.every((day): day is Weekday => weekdays.some((one) => one === day))) return null;
	const monthly = parts.has('BYSETPOS') ? 'weekday' : 'date';
	if ((monthly === 'weekday') !== (frequency === 'MONTHLY' && days.length === 1)) return null;
	if (days.length > 0 && frequency !== 'WEEKLY' && monthly === 'date') return null;
	const until = parts.get('UNTIL')?.slice(0, 8) ?? '';
	return {
		...once,
		frequency,
		interval: Number(parts.get('INTERVAL') ?? 1),
		days,
		monthly,
		ending: parts.has('COUNT') ? 'count' : until ? 'until' : 'never',
		count: Number(parts.get('COUNT') ?? once.count),
		until: until && `${until.slice(0, 4)}-${until.slice(4, 6)}-${until.slice(6)}`
	};
}

/** Whether every field of it holds something that a rule can be made of. */
export function isWhole({ interval, ending, count, until }: Repeat): boolean {
	const natural = (value: number, most: number) => Number.isInteger(value) && value >= 1 && value <= most;
	return natural(interval, 366) && (ending !== 'count' || natural(count, 1_000)) && (ending !== 'until' || until !== '');
}

/** A time on the wall, as the server takes it. */
export const wall = (starts: string): string => (starts.length === 16 ? `${starts}:00` : starts);

/** Milliseconds from one wall time to another, without regard to changes of the clock. */
export function wallLength(starts: string, ends: string): number {
	return Date.parse(`${ends}Z`) - Date.parse(`${starts}Z`);
}
