import { t } from './index.svelte';
import { dateFormat, numberFormat } from './formats';

const minute_ms = 60_000;
const hour_ms = 60 * minute_ms;
const day_ms = 24 * hour_ms;

/** A length of time in its largest fitting unit, such as `5 min`. */
export function span(ms: number): string {
	const length = Math.max(0, ms);
	if (length < minute_ms) return t.time.seconds(Math.floor(length / 1000));
	if (length < hour_ms) return t.time.minutes(Math.floor(length / minute_ms));
	if (length < 2 * day_ms) return t.time.hours(Math.floor(length / hour_ms));
	return t.time.days(Math.floor(length / day_ms));
}

/** `5 min ago`, `in 2 h`; both times in ms on the same clock. */
export function relativeTime(at: number, now: number, bare = false): string {
	if (Number.isNaN(at)) return t.time.never;
	const past = now - at;
	if (bare) return span(Math.abs(past));
	if (Math.abs(past) < 5_000) return t.time.now;
	return past > 0 ? t.time.ago(span(past)) : t.time.in(span(-past));
}

/** To the second, in the viewer's zone. */
export function exactTime(at: number, tag: string): string {
	if (Number.isNaN(at)) return '';
	return dateFormat(tag, { dateStyle: 'full', timeStyle: 'long' }).format(at);
}

/** To the minute, in the viewer's zone; the day only when it is another than that of `now`. */
export function shortTime(at: number, now: number, tag: string): string {
	if (Number.isNaN(at)) return '';
	const sameDay = new Date(at).toDateString() === new Date(now).toDateString();
	const day = sameDay ? {} : ({ weekday: 'short', day: 'numeric', month: 'short' } as const);
	return dateFormat(tag, { ...day, hour: '2-digit', minute: '2-digit' }).format(at);
}

/** With its day, to the minute, in the viewer's zone: what a plan says. */
export function dayTime(at: number, tag: string): string {
	if (Number.isNaN(at)) return '';
	const parts = { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' } as const;
	return dateFormat(tag, parts).format(at);
}

/** Milliseconds as one reads them: `12 ms`, `1.3 s`. */
export function latency(ms: number | null | undefined, tag: string): string {
	if (ms === null || ms === undefined) return '–';
	const seconds = ms >= 1000;
	const digits = seconds || ms < 10 ? 1 : 0;
	const number = numberFormat(tag, { maximumFractionDigits: digits });
	return seconds ? `${number.format(ms / 1000)} s` : `${number.format(ms)} ms`;
}

export function bytes(value: number, tag: string): string {
	const units = ['B', 'KB', 'MB', 'GB', 'TB'];
	const power = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(value) / 10));
	const number = numberFormat(tag, { maximumFractionDigits: power > 1 ? 1 : 0 });
	return `${number.format(value / 2 ** (10 * power))} ${units[power]}`;
}
