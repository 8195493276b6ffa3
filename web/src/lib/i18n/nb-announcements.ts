export const announcement = {
	list: 'Kunngjøringer',
	severity: { info: 'Opplysning', warning: 'Advarsel', critical: 'Kritisk' },
	severityName: 'Alvor',
	state: { scheduled: 'Planlagt', active: 'Vises nå', ended: 'Tidligere' },
	reach: { all: 'Alle', signed_in: 'Alle som er logget inn', members: 'Bare medlemmer' },
	reachName: 'For hvem',
	reachHint: {
		all: 'også uten å logge inn, og på innloggingssiden',
		signed_in: 'alle personer i denne Synops',
		members: 'medlemmer av stedet den lages i'
	},
	style: { banner: 'Øverst på hver side', page: 'En linje som fører til en egen side' },
	styleName: 'Hvordan den vises',
	styleHint: {
		banner: 'Tittel og første avsnitt står øverst på hver side.',
		page: 'Bare tittelen står øverst på hver side; for lengre tekster.'
	},
	place: 'Sted',
	instance: 'Hele Synops',
	text: 'Tekst',
	textHint: 'Markdown.',
	starts: 'Begynner',
	startsHint: 'Tom: nå.',
	ends: 'Slutter',
	endsHint: 'Tom: når noen avslutter den.',
	endsBefore: 'Den slutter før den begynner.',
	new: 'Ny kunngjøring',
	create: 'Kunngjør den',
	created: (title: string) => `${title} er kunngjort.`,
	edit: 'Rediger kunngjøringen',
	again: 'Med andre ord vises den på nytt for dem som har lagt den bort.',
	current: 'Vises nå',
	planned: 'Planlagt',
	past: 'Tidligere',
	noCurrent: 'Ingenting er kunngjort nå.',
	noPlanned: 'Ingenting er planlagt.',
	noPast: 'Ingenting er avsluttet ennå.',
	more: 'Vis mer',
	from: 'fra',
	until: 'til',
	endless: 'til noen avslutter den',
	end: 'Avslutt den nå',
	ended: (title: string) => `${title} er avsluttet.`,
	away: 'Lagt bort av deg',
	dismiss: (title: string) => `Legg bort: ${title}`,
	notDismissed: 'Den kunne ikke legges bort. Prøv igjen om litt.',
	read: 'Les',
	others: (n: number) => `${n} ${n === 1 ? 'kunngjøring' : 'kunngjøringer'} til`,
	preview: 'Forhåndsvisning',
	previewEmpty: 'Det du skriver, vises her slik folk vil se det.',
	deleteTitle: (title: string) => `Slette ${title}?`,
	deleteBody: 'Den forsvinner for alle med det samme. For bare å avslutte den, la den slutte nå.',
	order: (title: string, at: number, of: number) => `Flytt ${title}, ${at} av ${of}: piltaster, eller dra`,
	moved: (title: string, at: number, of: number) => `${title} er nå ${at} av ${of}`
};

export const didAnnouncement = {
	create_announcement: 'kunngjorde',
	update_announcement: 'endret',
	order_announcements: 'ordnet',
	advance_announcement: 'førte videre'
};

export const didAnnouncementHere = {
	create_announcement: 'kunngjorde den',
	update_announcement: 'endret den',
	order_announcements: 'ordnet den blant de andre',
	advance_announcement: 'førte den videre, etter klokken'
};
