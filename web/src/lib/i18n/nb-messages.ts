import type { Messages } from './index.svelte';

/** The notification centre. */
export const notify: Messages['notify'] = {
	title: 'Varsler',
	bell: (n) => (n === 0 ? 'Varsler' : `Varsler, ${n} ulest${n === 1 ? '' : 'e'}`),
	unread: 'Ulest',
	unreadOnes: 'Uleste',
	earlier: 'Tidligere',
	readAll: 'Merk alle som lest',
	markRead: (name) => `Merk som lest: ${name}`,
	remove: (name) => `Slett: ${name}`,
	times: (n) => `${n}×`,
	collapsed: (n) => `${n} om det samme ble til dette ene`,
	allRead: 'Du har lest alt.',
	none: 'Ingenting å lese',
	noneBody: 'Følg et system, en gruppe eller et arbeidsområde, så får du vite her hva som skjer med det.',
	choose: 'Velg hva du vil få vite om',
	settings: 'Innstillinger',
	loading: 'Henter varsler'
};

/** What has happened, before the name of what it happened to. */
export const notice: Messages['notice'] = {
	maintenance_planned: 'Vedlikehold planlagt',
	maintenance_changed: 'Vedlikehold endret',
	maintenance_reminder: 'Vedlikehold begynner snart',
	maintenance_started: 'Vedlikehold har begynt',
	maintenance_extended: 'Vedlikehold varer lenger',
	maintenance_verifying: 'Vedlikehold kontrolleres',
	maintenance_completed: 'Vedlikehold ferdig',
	maintenance_cancelled: 'Vedlikehold avlyst',
	maintenance_update: 'Nytt om vedlikehold',
	system_down: 'Nede',
	system_up: 'Oppe igjen',
	incident_opened: 'Hendelse åpnet',
	incident_updated: 'Nytt om hendelse',
	incident_acknowledged: 'Hendelse bekreftet',
	incident_resolved: 'Hendelse løst',
	announcement: 'Kunngjøring'
};

export const watch: Messages['watch'] = {
	off: 'Følg',
	on: 'Følger',
	offHint: 'Få vite når noe skjer med det',
	onHint: 'Du får vite hva som skjer med det',
	throughOf: (where) => `Du får vite det gjennom ${where}`,
	titleOf: (name) => `Følg ${name}`,
	bodySystem: 'Du får vite hva som skjer med det, her og slik du foretrekker.',
	bodyPlace: 'Du får vite hva som skjer med det og med alt som er i det, her og slik du foretrekker.',
	already: 'Du får allerede vite det gjennom',
	ofWhat: 'Om hva',
	allKinds: 'Alt som skjer',
	allKindsShort: 'alt som skjer',
	someKinds: 'Bare disse',
	groups: { system: 'Systemer', incident: 'Hendelser', maintenance: 'Vedlikehold', announcement: 'Kunngjøringer' },
	begin: 'Følg',
	end: 'Slutt å følge',
	begun: (name) => `Du får vite hva som skjer med ${name}.`,
	ended: (name) => `Du følger ikke lenger ${name} selv.`,
	everything: 'Alt du har lov til å se',
	hidden: 'noe du ikke har lov til å se',
	list: 'Det du følger',
	listBody: 'Hvert av dem dekker alt som er i det. Sidene til systemer, grupper og arbeidsområder har en knapp for det også.',
	none: 'Du følger ingenting ennå. Legg til det du vil få vite om.',
	add: 'Legg til',
	addTitle: 'Hva vil du få vite om?',
	addBody: 'Du får bare vite om det du har lov til å se.',
	added: 'Du får vite det fra nå av.',
	remove: (name) => `Slutt å følge ${name}`,
	toWhat: 'Om',
	oneThing: 'Ett system, én gruppe eller ett arbeidsområde',
	find: 'Finn det etter tittel',
	how: 'Hvordan',
	howHint: 'Gjennom denne forbindelsen i stedet for varslene her og e-post.',
	asPreferred: 'Slik du foretrekker',
	by: (name) => `gjennom ${name}`,
	twice: 'Du følger dette på denne måten allerede. Slutt med det først for å velge på nytt.'
};

export const preferences: Messages['preferences'] = {
	title: 'Hvordan du får vite det',
	inApp: 'Her på siden',
	inAppHint: 'Bjella, på alle enhetene dine samtidig.',
	mail: 'På e-post',
	mailHint: 'Til adressen i profilen din.',
	noAddress: 'Profilen din har ingen adresse ennå, så det sendes ingen e-post.',
	ntfy: 'Med ntfy',
	ntfyHint: 'For det du følger gjennom en forbindelse til ntfy.',
	quiet: 'Stille timer',
	quietHint: 'E-post og ntfy venter til de er over. At et system går ned, at en hendelse åpnes og kritiske kunngjøringer kommer likevel.',
	from: 'Fra',
	to: 'Til',
	nextDay: 'neste dag'
};

/** How messages leave Synops. */
export const connections: Messages['connections'] = {
	title: 'Forbindelser',
	newOne: 'Ny forbindelse',
	edit: 'Rediger forbindelse',
	none: 'Ingenting forlater Synops ennå',
	noneBody: 'Legg til en e-posttjener, så får folk e-post. Webhooks, Slack, Mattermost og ntfy kan også få beskjed.',
	loading: 'Henter forbindelser',
	channel: 'Slag',
	channels: { smtp: 'E-posttjener', webhook: 'Webhook', slack: 'Slack eller Mattermost', ntfy: 'ntfy' },
	channelHints: {
		smtp: 'Sender e-post til folk og til dem som abonnerer på statussider.',
		webhook: 'Sender signert JSON til et program av ditt.',
		slack: 'Skriver i et rom, med en innkommende webhook.',
		ntfy: 'Sender til telefoner som lytter til et emne.'
	},
	place: 'For',
	placeHint: 'Medlemmene der kan bruke den. E-post om det som er i et arbeidsområde går gjennom områdets egen tjener, ellers gjennom den for hele Synops.',
	instance: 'Hele Synops',
	leadsTo: 'Fører til',
	host: 'E-posttjener',
	hostHint: 'For eksempel mail.example.org',
	port: 'Port',
	portHint: 'Tomt: den vanlige',
	security: 'Kryptering',
	securities: { starttls: 'STARTTLS', tls: 'TLS fra begynnelsen', none: 'Ingen, for en tjener på denne maskinen' },
	username: 'Brukernavn',
	sender: 'Avsender',
	senderHint: 'Adressen e-posten kommer fra',
	server: 'Tjener',
	serverHint: 'For eksempel https://ntfy.example.org',
	enabled: 'I bruk',
	enabledHint: 'Mens den er av, venter det den skulle sendt.',
	secrets: {
		password: 'Passord',
		url: 'Adressen til webhooken',
		signing_secret: 'Signeringsnøkkel',
		topic: 'Emne',
		token: 'Token'
	},
	secretKept: 'Det er lagret. Det vises aldri.',
	secretNone: 'Ingenting er lagret.',
	secretHint: 'Forseglet i databasen, og vises aldri igjen.',
	secretReplace: 'Bytt ut',
	secretKeep: 'Behold det som er der',
	secretGone: 'Det var lagret for stedet den førte til før. Oppgi det på nytt, ellers glemmes det.',
	secretClear: 'Er det tomt, glemmes det.',
	on: 'I bruk',
	off: 'Av',
	test: 'Prøve',
	testBody: 'Sender en melding nå, for å se at den kommer fram. Lagre først det som er skrevet andre steder.',
	testAct: 'Send en prøvemelding',
	testTo: 'Til',
	testToHint: 'Tomt: din egen adresse',
	testGood: (took) => `Den ble tatt imot, på ${took}.`,
	testBad: 'Den kom ikke fram.',
	answer: 'Den andre siden sa',
	why: 'Hvorfor',
	tested: 'Sist prøvd',
	testedGood: 'virket',
	testedBad: 'mislyktes',
	untested: 'Ikke prøvd ennå',
	deleteTitle: (name) => `Slette ${name}?`,
	deleteBody: 'Hemmelighetene og det som følges gjennom den slettes med den. Meldinger på vei gjennom den blir ikke sendt.',
	noKey: 'Tjeneren har ingen nøkkel å lagre hemmeligheter med. En administrator av maskinen lager en: synops connections new-key.',
	rotation: 'Hemmeligheter er forseglet med tjenerens nøkkel. For å bytte den: synops connections rotate-key.',
	overview: 'Oversikt',
	templates: 'Ord',
	deliveries: 'Leveringer'
};

/** A connection's own words. */
export const templates: Messages['templates'] = {
	title: 'Med hvilke ord',
	body: 'Hver melding har innebygde ord. En forbindelse kan si det med sine egne.',
	of: 'Melding',
	own: 'egne ord',
	builtin: 'Innebygde ord',
	ownWords: 'Egne ord',
	begin: 'Skriv egne ord',
	reset: 'Tilbake til de innebygde ordene',
	resetHint: 'Gjelder når du lagrer.',
	subject: 'Emne',
	text: 'Tekst',
	html: 'HTML',
	htmlHint: 'For e-post. Tomt: bare teksten.',
	preview: 'Forhåndsvisning',
	previewHint: 'Laget av et eksempel.',
	previewOld: 'Slik det var før feilen.',
	hasSubject: 'Emne',
	names: 'Hva som kan fylles inn',
	namesMore: 'dessuten {% if %}, {% for %} og filtrene upper, lower, join, default, escape',
	saved: 'Ordene er lagret.',
	unsavedOthers: (n) => `${n} endret`,
	line: (n) => `linje ${n}`
};

export const deliveries: Messages['deliveries'] = {
	title: 'Leveringer',
	body: 'Én for hver mottaker og kanal.',
	none: 'Ingenting er sendt ennå',
	noneBody: 'Når folk får vite noe på e-post eller gjennom en forbindelse, står hver melding her med forsøkene sine.',
	noneSuch: 'Ingen levering passer til dette valget.',
	loading: 'Henter leveringer',
	state: 'Tilstand',
	anyState: 'Alle tilstander',
	anyConnection: 'Alle forbindelser',
	connection: 'Forbindelse',
	states: {
		queued: 'På vei',
		held: 'Venter på stille timer',
		sent: 'Sendt',
		failed: 'Prøves igjen',
		dead: 'Oppgitt',
		withdrawn: 'Trukket tilbake'
	},
	stateHints: {
		queued: 'En jobb sender den.',
		held: 'Den sendes når de stille timene til mottakeren er over.',
		sent: 'Den andre siden tok imot den.',
		failed: 'Det siste forsøket mislyktes; det kommer et til.',
		dead: 'Alle forsøk mislyktes. Se hvorfor, og prøv så igjen.',
		withdrawn: 'Den den var til har ikke lenger lov til å lese den.'
	},
	to: 'Til',
	by: 'Gjennom',
	about: 'Om',
	deletedConnection: 'en forbindelse som er slettet',
	subject: 'Emne',
	happened: 'Skjedde',
	sentAt: 'Sendt',
	heldUntil: 'Venter til',
	attempts: 'Forsøk',
	attemptsOf: (n) => `${n} forsøk`,
	noAttempts: 'Ingen forsøk ennå.',
	messageId: 'Meldings-id',
	good: 'Tatt imot',
	bad: 'Mislyktes',
	retry: 'Prøv igjen',
	retried: 'Den prøves igjen.',
	open: (subject) => `Detaljer: ${subject}`
};

export const didMessages: Pick<Messages['did'], 'create_connection' | 'update_connection' | 'set_connection_templates' | 'test_connection'> = {
	create_connection: 'laget forbindelsen',
	update_connection: 'endret forbindelsen',
	set_connection_templates: 'endret ordene til',
	test_connection: 'prøvde'
};

/** In the history of the thing itself. */
export const didMessagesHere: typeof didMessages = {
	create_connection: 'laget den',
	update_connection: 'endret den',
	set_connection_templates: 'endret ordene',
	test_connection: 'prøvde den'
};
