const many = (n: number, one: string, more: string) => `${n} ${n === 1 ? one : more}`;

export const catalog = {
	title: 'Systemer',
	systemsOf: (n: number) => many(n, 'system', 'systemer'),
	because: 'fordi',
	is: { down: 'er nede', degraded: 'er redusert' },
	fails: 'svikter',
	byIncident: 'på grunn av en åpen hendelse',
	byHidden: 'på grunn av noe du ikke har innsyn i',
	filter: 'Filter',
	text: 'Del av tittelen',
	states: 'Tilstander',
	group: 'Mappe',
	anyGroup: 'Alle mapper',
	environment: 'Miljø',
	anyEnvironment: 'Alle miljøer',
	several: (n: number) => `${n} av dem`,
	order: 'Rekkefølge',
	orders: { title: 'Etter tittel', worst_first: 'Verst først', newest_first: 'Sist endret først' },
	clear: 'Fjern filteret',
	none: 'Ingen systemer er slik',
	noneBody: 'Endre eller fjern filteret for å se andre.',
	resort: 'Sorter på nytt',
	saveView: 'Lagre som visning',
	from: (first: number, last: number, of: number) => `${first}–${last} av ${of}`,
	pages: 'Sider',
	before: 'Forrige side',
	after: 'Neste side',
	choose: 'Velg',
	chooseEnd: 'Ferdig',
	chooseOne: (title: string) => `Velg ${title}`,
	chooseAll: 'Velg alle på denne siden',
	chosen: (n: number) => `${n} valgt`,
	chosenMost: (n: number) => `Ikke flere enn ${n} på en gang.`,
	chooseHint: 'Skift og klikk velger alle imellom.',
	act: 'Med de valgte',
	plan: 'Planlegg vedlikehold',
	openIncident: 'Meld en hendelse',
	putInto: 'Legg i et miljø',
	putIntoTitle: (n: number) => `Hvor kjører ${n === 1 ? 'det' : 'de'}?`,
	put: 'Legg i',
	wasPut: (n: number, title: string) => `${many(n, 'system', 'systemer')} kjører i ${title} nå.`,
	remove: 'Slett',
	removeTitle: (n: number) => `Slette ${many(n, 'system', 'systemer')}?`,
	removeBody: 'De, lenkene deres og historikken over sjekker blir slettet. Det kan ikke angres.',
	andMore: (n: number) => `og ${n} til`,
	removed: (n: number) => `${many(n, 'system', 'systemer')} ble slettet.`,
	notAllowed: (n: number) => `${n === 1 ? 'Ett av dem' : `${n} av dem`} kan du ikke endre. Utelat det du bare kan lese.`
};

export const views = {
	title: 'Visninger',
	new: 'Ny visning',
	edit: 'Endre visning',
	none: 'Ingen visninger ennå',
	noneBody: 'En visning er et lagret utvalg av systemer, som det som er nede i produksjon. Alle ser i den det de har innsyn i.',
	selects: 'Hva den velger',
	preview: 'Slik den er nå',
	everything: 'Alle systemer',
	inGroups: (titles: string) => `i ${titles}`,
	runningIn: (titles: string) => `kjører i ${titles}`,
	titled: (text: string) => `med «${text}» i tittelen`,
	picked: (n: number) => `${n} ${n === 1 ? 'utvalgt system' : 'utvalgte systemer'}`,
	besides: (picked: string) => `, og ${picked}`,
	pick: 'Utvalgte systemer',
	pickHint: 'Disse i tillegg, hva resten enn sier. Er ikke noe annet valgt, bare disse.',
	pickFind: 'Finn systemer',
	pickNone: 'Ingen systemer heter det.',
	unpick: (title: string) => `Utelat ${title}`,
	hidden: 'noe du ikke har innsyn i',
	empty: 'Ingen systemer er slik nå. De vises her når de er det.',
	deleteTitle: (title: string) => `Slette ${title}?`,
	deleteBody: 'Visningen blir slettet for alle. Systemene blir værende.',
	groupsHint: 'Også det som ligger dypere i dem. Ingen: overalt.',
	environmentsHint: 'I ett av disse. Ingen: hvor de enn kjører.',
	noGroups: 'Det er ingen mapper.',
	noEnvironments: 'Det er ingen miljøer.'
};

export const environments = {
	title: 'Miljøer',
	new: 'Nytt miljø',
	edit: 'Endre miljø',
	none: 'Ingen miljøer ennå',
	noneBody: 'Et miljø sier hvor systemer kjører: produksjon, test. Lag ett, og legg systemer i det.',
	systems: 'Kjører her',
	empty: 'Ingenting kjører her ennå. Legg systemer i det fra deres egen side eller fra listen over systemer.',
	runsIn: 'Kjører i',
	nowhere: 'Ingen har sagt hvor det kjører.',
	add: 'Legg i et miljø',
	choose: 'Miljø',
	noneToChoose: 'Det er ikke noe annet miljø. Lag ett først.',
	remove: (title: string) => `Ta det ut av ${title}`,
	deleteTitle: (title: string) => `Slette ${title}?`,
	deleteBody: 'Miljøet blir slettet. Systemene blir værende.'
};

export const contacts = {
	title: 'Kontakter',
	none: 'Nevn en person, et team eller en postkasse.',
	add: 'Legg til',
	addTitle: 'Hvem en skal spørre',
	who: 'Hvem',
	kinds: { person: 'Person eller team', mailbox: 'En ny postkasse', contact: 'En postkasse som finnes' },
	role: 'Som',
	roleHint: 'For eksempel vakt, eller eier',
	name: 'Navn',
	email: 'Adresse',
	emailHint: 'Vises for dem som er logget inn',
	from: (title: string) => `fra ${title}`,
	remove: (title: string) => `Fjern ${title} fra kontaktene`,
	removed: 'Kontakten ble fjernet.',
	edit: (title: string) => `Endre ${title}`,
	editTitle: 'Endre postkassen',
	askedAbout: 'Spørres om',
	nothing: 'Den spørres ikke om noe du har innsyn i.',
	noAddress: 'uten innsyn',
	more: 'Vis flere',
	deleteTitle: (title: string) => `Slette ${title}?`,
	deleteBody: 'Postkassen fjernes fra alt den spørres om.'
};

export const weblinks = {
	title: 'Lenker',
	none: 'Ingen lenker. Legg til driftshåndboken, måltavlen, koden.',
	edit: 'Endre lenkene',
	name: 'Tittel',
	url: 'Adresse',
	add: 'Legg til lenke',
	remove: (title: string) => `Fjern ${title}`,
	up: (title: string) => `Flytt ${title} opp`,
	down: (title: string) => `Flytt ${title} ned`,
	most: (n: number) => `Høyst ${n}.`,
	example: 'https://',
	untitled: 'lenken uten tittel'
};

export const impact = {
	label: 'Virkning',
	of: (title: string) => `Virkning av ${title}`,
	informational: 'Ingen',
	degraded: 'Redusert',
	critical: 'Kritisk',
	informationalHint: 'Bare til opplysning. At det svikter, endrer ingenting her.',
	degradedHint: 'Når det svikter, er dette redusert.',
	criticalHint: 'Når det er nede, er dette nede.'
};

export const rule = {
	title: 'Hendelse av seg selv',
	on: 'Meld en hendelse når det er lenge nede',
	onHint: 'Én for hver egen svikt, ikke mens det er under vedlikehold.',
	after: 'Nede i',
	minutes: 'minutter',
	resolve: 'Løs den når systemet er oppe igjen',
	fact: (span: string) => `etter ${span} nede`
};

export const going = {
	title: 'Pågår',
	incident: 'Hendelse',
	open: 'Åpne hendelser',
	all: 'Alle',
	nothing: 'Ingenting nå, og ingenting planlagt.',
	noIncident: 'Ingen hendelse er åpen.',
	noMaintenance: 'Ingen pågår eller er planlagt.'
};

export const groupOrder = {
	title: 'Rekkefølge på mappene',
	start: 'Ordne',
	save: 'Lagre rekkefølgen',
	hint: 'Dra en mappe, eller bruk knappene.',
	up: (title: string) => `Flytt ${title} opp`,
	down: (title: string) => `Flytt ${title} ned`,
	moved: (title: string, at: number, of: number) => `${title} er nummer ${at} av ${of}.`
};

export const dashboard = {
	problems: 'Hva som er galt',
	since: 'i',
	alsoHit: (n: number) => `rammer ${many(n, 'system', 'systemer')}`,
	hiddenTitle: 'Noe du ikke har innsyn i',
	hiddenBody: 'Det svikter, og drar med seg det du ser her.',
	clearTitle: 'Alt i orden',
	clearBody: (n: number) => `${many(n, 'system blir', 'systemer blir')} fulgt med på, og ingenting er galt.`,
	clearUnknown: (n: number) => `${many(n, 'system', 'systemer')} har ingen tilstand: ikke sjekket, eller ikke ennå.`,
	now: 'Pågår nå',
	more: (n: number) => `og ${n} til`
};

export const palette = {
	title: 'Søk og kommandoer',
	open: 'Søk eller gjør',
	key: 'Ctrl K',
	keyMac: '⌘ K',
	placeholder: 'Søk, eller si hva som skal gjøres',
	results: 'Treff',
	none: 'Ingen treff. Prøv begynnelsen av et ord.',
	failed: 'Søket svarte ikke. Det som vises, er fra denne siden alene.',
	found: 'Funnet',
	recent: 'Åpnet i det siste',
	incidents: 'Hendelser',
	announcements: 'Kunngjøringer',
	pages: 'Sider',
	actions: 'Gjør',
	move: 'flytt',
	take: 'åpne',
	leave: 'lukk',
	count: (n: number) => many(n, 'treff', 'treff'),
	planFor: (title: string) => `Planlegg vedlikehold for ${title}`,
	incidentFor: (title: string) => `Meld hendelse for ${title}`,
	themeLight: 'Lyst tema',
	themeDark: 'Mørkt tema',
	themeSystem: 'Tema som enheten',
	checkNow: (title: string) => `Sjekk ${title} nå`
};
