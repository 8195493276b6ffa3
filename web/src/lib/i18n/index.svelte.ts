import type { Locale } from '$lib/api/types';
import { en } from './en';
import { nb } from './nb';

type Widened<T> = T extends string
	? string
	: T extends (...args: infer Args) => string
		? (...args: Args) => string
		: { [Key in keyof T]: Widened<T[Key]> };

/** What every language must have, no more and no less. */
export type Messages = Widened<typeof en>;

const dictionaries: Record<Locale, Messages> = { en, nb };
const storage_key = 'synops.locale';

export const locales: Locale[] = ['en', 'nb'];

function isLocale(value: unknown): value is Locale {
	return value === 'en' || value === 'nb';
}

function preferred(): Locale {
	try {
		const stored = localStorage.getItem(storage_key);
		if (isLocale(stored)) return stored;
	} catch {
		// Storage may be blocked: the browser's language then.
	}
	const language = globalThis.navigator?.language ?? 'en';
	return /^(nb|no|nn)\b/i.test(language) ? 'nb' : 'en';
}

class I18n {
	locale = $state<Locale>(preferred());

	set(locale: Locale): void {
		this.locale = locale;
		try {
			localStorage.setItem(storage_key, locale);
		} catch {
			// As above: the choice lasts as long as the page.
		}
	}

	/** For the browser's own formatting of numbers and times. */
	get tag(): string {
		return this.locale === 'nb' ? 'nb-NO' : 'en-GB';
	}
}

export const i18n = new I18n();

/** The messages of the language in use: `t.overview.title`. Reading one follows a change of language. */
export const t = Object.defineProperties(
	{},
	Object.fromEntries(
		(Object.keys(en) as (keyof Messages)[]).map((section) => [
			section,
			{ enumerable: true, get: () => dictionaries[i18n.locale][section] }
		])
	)
) as Messages;
