import { shortTime, span } from '$lib/i18n/format';
import { i18n, t } from '$lib/i18n/index.svelte';
import { clock } from '$lib/state/clock.svelte';
import { lifecycle } from '$lib/state/lifecycle.svelte';
import type { Absence } from './away';
import { countdown, countUp } from './countdown';
import type { Notice } from './notice';
import type { Window } from './types';

export type Tone = 'plan' | 'stop' | 'good' | 'trouble';

/** What the banner shows. */
export interface Said {
	kind: string;
	tone: Tone;
	title: string;
	text: string;
	/** A count, and what it counts. */
	counts: { word: string; value: string } | null;
	/** The maintenance it is about. */
	window: Window | null;
}

/** What there is to say now of the server's coming and going; null: nothing. */
export function whatToSay(): Said | null {
	if (lifecycle.away) return ofAbsence(lifecycle.away);
	if (lifecycle.back) {
		const text = t.lifecycle.backText(span(lifecycle.back.away_ms));
		return { kind: 'back', tone: 'good', title: t.lifecycle.back, text, counts: null, window: lifecycle.told.window };
	}
	if (lifecycle.notice) return ofNotice(lifecycle.notice);
	const gone = lifecycle.farewell;
	if (!gone) return null;
	return { kind: gone, tone: 'good', title: t.lifecycle[gone], text: t.lifecycle[`${gone}Text`], counts: null, window: null };
}

function ofAbsence({ since, planned, window }: Absence): Said {
	const counts = { word: t.lifecycle.awayFor, value: countUp(clock.local - since) };
	if (!planned) {
		return { kind: 'away', tone: 'trouble', title: t.lifecycle.away, text: t.lifecycle.awayText, counts, window: null };
	}
	const ends = window ? Date.parse(window.ends_at) : NaN;
	const text = ends > clock.now ? t.lifecycle.awayPlannedBy(time(ends)) : t.lifecycle.awayPlannedSoon;
	const title = window ? t.lifecycle.awayPlanned : t.lifecycle.awayRestart;
	return { kind: 'away_planned', tone: 'stop', title, text, counts, window };
}

function ofNotice(notice: Notice): Said {
	const { kind } = notice;
	const said = { kind, title: t.lifecycle[kind], counts: null, window: kind === 'stopping' ? null : notice.window };
	const left = (word: string, until: number | null) =>
		until === null ? null : { word, value: countdown(until - clock.now) };
	switch (kind) {
		case 'planned': {
			const { starts_at, ends_at, rolling } = notice.window;
			const from_to = [time(Date.parse(starts_at)), time(Date.parse(ends_at))] as const;
			const text = rolling ? t.lifecycle.plannedRolling(...from_to) : t.lifecycle.plannedText(...from_to);
			return { ...said, tone: 'plan', text, counts: left(t.lifecycle.beginsIn, notice.until) };
		}
		case 'closing':
		case 'draining':
			return { ...said, tone: 'stop', text: t.lifecycle[`${kind}Text`], counts: left(t.lifecycle.atMost, notice.until) };
		case 'under_way': {
			const text = t.lifecycle.under_wayText(time(notice.until));
			return { ...said, tone: 'plan', text, counts: left(t.lifecycle.endsIn, notice.until) };
		}
		case 'verifying':
			if (notice.window.admins_only) return { ...said, tone: 'plan', text: t.lifecycle.verifyingAdmins };
			return { ...said, tone: 'good', text: t.lifecycle.verifyingText };
		case 'beginning':
		case 'stopping':
			return { ...said, tone: 'stop', text: t.lifecycle[`${kind}Text`] };
	}
}

const time = (at: number) => shortTime(at, clock.now, i18n.tag);
