import type { Messages } from './index.svelte';

const many = (n: number, one: string, more: string) => `${n} ${n === 1 ? one : more}`;

/** Status pages, for those who make them. */
export const statusPages: Messages['statusPages'] = {
	title: 'Statussider',
	newOne: 'Ny statusside',
	edit: 'Rediger statusside',
	none: 'Ingen statusside ennå',
	noneBody: 'En statusside viser utvalgte systemer til andre, også uten å logge inn. Lag en, og velg hva som er på den.',
	loading: 'Henter statussider',
	open: 'Åpne siden',
	openOf: (title) => `Åpne ${title}`,
	published: 'Publisert',
	draft: 'Ikke publisert',
	publishedLabel: 'Publisert',
	publishedHint: 'Før det leser ingen den på adressen.',
	slug: 'Adresse',
	slugHint: (at) => `Små bokstaver, siffer og bindestrek: ${at}`,
	slugTaken: 'En annen statusside har denne adressen.',
	headline: 'Ingress',
	headlineHint: 'Én linje under tittelen.',
	notes: 'Notater',
	notesHint: 'For dem som styrer siden; leserne ser dem ikke. Markdown.',
	historyDays: 'Dager med historikk',
	historyDaysHint: '0 til 90; med 0 er det ingen søyler.',
	place: 'Sted',
	placeHint: 'Administratorene er stedets, og du.',
	visibility: 'Hvem som leser den på adressen',
	entries: 'Hva den viser',
	entriesBody: 'I denne rekkefølgen. En gruppe står for systemene i den. Den som leser siden ser navnene (eller etikettene), tilstandene og historikken, også der de ellers ikke kunne det.',
	noEntries: 'Ingenting ennå. Legg til systemer og grupper.',
	hidden: (n) => `${many(n, 'oppføring til er', 'oppføringer til er')} av ting du ikke har lov til å se. De blir stående.`,
	add: 'Legg til på siden',
	addFind: 'Finn systemer og grupper',
	addNone: 'Ikke mer som du kan sette på den.',
	label: (title) => `Etikett for ${title}`,
	labelHint: 'Etikett, valgfri',
	handle: (title, at, of) => `Flytt ${title}, ${at} av ${of}: piltaster, eller dra`,
	remove: (title) => `Ta ${title} av siden`,
	moved: (title, place, of) => `${title} er nummer ${place} av ${of} nå.`,
	done: 'Ferdig',
	undo: 'Angre',
	entriesSaved: 'Siden viser dette fra nå av.',
	overtaken: 'Noen andre endret siden imens. Det du ordnet er her fortsatt: lagre igjen for å sette det i stedet for deres, eller ta deres.',
	takeTheirs: 'Ta deres',
	preview: 'Forhåndsvisning',
	previewHint: 'Slik leserne ser den nå.',
	previewNone: 'Publiser den for å se siden slik leserne gjør.',
	feedNames: { atom: 'Atom', ics: 'iCalendar', json: 'JSON' },
	feeds: 'Også som',
	subscribers: 'Lesere av en offentlig side kan abonnere på e-post, med e-posttjeneren til stedet.',
	notPublicMail: 'Bare lesere av en offentlig side kan abonnere på e-post.',
	deleteTitle: (title) => `Slette ${title}?`,
	deleteBody: 'Adressen svarer ikke lenger, og alle som abonnerer på den på e-post blir glemt. Det kan ikke angres.'
};

export const didStatus: Pick<Messages['did'], 'create_status_page' | 'update_status_page' | 'set_status_page_entries'> = {
	create_status_page: 'laget statussiden',
	update_status_page: 'endret statussiden',
	set_status_page_entries: 'endret hva som er på'
};

/** In the history of the thing itself. */
export const didStatusHere: typeof didStatus = {
	create_status_page: 'laget den',
	update_status_page: 'endret den',
	set_status_page_entries: 'endret hva den viser'
};

/** What reads are kept in. */
export const cache: Messages['cache'] = {
	title: 'Mellomlager',
	forbidden: 'Bare administratorer av denne Synops ser mellomlageret.',
	providers: { memory: 'I minnet på hver tjener', redis: 'I Redis', off: 'Av: hver lesing spør databasen' },
	off: 'Av',
	used: 'I bruk',
	unused: 'Lesinger går til databasen inntil videre',
	unusedBody: 'Mellomlageret kan ikke nås, eller denne tjeneren henger etter. Det som leses er riktig, men tregere.',
	provider: 'Lagres',
	scope: 'Område',
	hitRate: 'Treff',
	hitRateAll: 'Treff av alt',
	asked: 'Spurt etter',
	hits: 'Treff',
	joins: 'Slått sammen',
	joinsHint: 'Besvart av en henting som var i gang',
	misses: 'Bom',
	refusals: 'Avvist',
	refusalsHint: 'Hentet og ikke beholdt, fordi det ble ugyldig imens',
	evictions: 'Kastet ut',
	troubles: 'Vansker',
	troublesHint: 'Lageret feilet eller svarte ikke; databasen ble spurt i stedet',
	troubled: (n) => `${many(n, 'gang', 'ganger')} feilet lageret eller svarte ikke. Se i loggen; lesinger er riktige likevel.`,
	entries: 'Oppføringer',
	bytes: 'Størrelse',
	ttl: 'Varer',
	since: 'Telt siden denne tjeneren startet. Nøkler og verdier vises aldri.',
	scopes: 'Områder',
	noScopes: 'Ingenting er lagret.'
};
