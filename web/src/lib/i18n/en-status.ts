const many = (n: number, one: string, more: string) => `${n} ${n === 1 ? one : more}`;

/** Status pages, for those who make them. */
export const statusPages = {
	title: 'Status pages',
	newOne: 'New status page',
	edit: 'Edit status page',
	none: 'No status page yet',
	noneBody: 'A status page shows chosen systems to others, also without signing in. Make one, and choose what is on it.',
	loading: 'Loading status pages',
	open: 'Open the page',
	openOf: (title: string) => `Open ${title}`,
	published: 'Published',
	draft: 'Not published',
	publishedLabel: 'Published',
	publishedHint: 'Until then nobody reads it at its address.',
	slug: 'Address',
	slugHint: (at: string) => `Small letters, digits and hyphens: ${at}`,
	slugTaken: 'Another status page has this address.',
	headline: 'Headline',
	headlineHint: 'One line below the title.',
	notes: 'Notes',
	notesHint: 'For those who manage the page; its readers do not see them. Markdown.',
	historyDays: 'Days of history',
	historyDaysHint: '0 to 90; with 0 there are no bars.',
	place: 'Place',
	placeHint: 'Its administrators are those of this place, and you.',
	visibility: 'Who reads it at its address',
	entries: 'What it shows',
	entriesBody: 'In this order. A group stands for the systems in it. Whoever reads the page sees their names (or labels), states and history, even where they could not otherwise.',
	noEntries: 'Nothing yet. Add systems and groups.',
	hidden: (n: number) => `${many(n, 'more entry is', 'more entries are')} of things you may not see. They stay.`,
	add: 'Add to the page',
	addFind: 'Find systems and groups',
	addNone: 'Nothing more that you may put on it.',
	label: (title: string) => `Label of ${title}`,
	labelHint: 'Label, optional',
	handle: (title: string, at: number, of: number) => `Move ${title}, ${at} of ${of}: arrow keys, or drag`,
	remove: (title: string) => `Take ${title} off the page`,
	moved: (title: string, place: number, of: number) => `${title} is number ${place} of ${of} now.`,
	done: 'Done',
	undo: 'Undo',
	entriesSaved: 'The page shows this from now on.',
	overtaken: 'Somebody else changed the page meanwhile. What you arranged is still here: save again to put it in the place of theirs, or take theirs.',
	takeTheirs: 'Take theirs',
	preview: 'Preview',
	previewHint: 'As its readers see it now.',
	previewNone: 'Publish it to see the page as its readers do.',
	feedNames: { atom: 'Atom', ics: 'iCalendar', json: 'JSON' },
	feeds: 'Also as',
	subscribers: 'Readers of a public page can subscribe by mail, with the mail server of its place.',
	notPublicMail: 'Only readers of a public page can subscribe by mail.',
	deleteTitle: (title: string) => `Delete ${title}?`,
	deleteBody: 'Its address answers no more, and all who subscribe to it by mail are forgotten. This cannot be undone.'
};

export const didStatus = {
	create_status_page: 'made the status page',
	update_status_page: 'changed the status page',
	set_status_page_entries: 'changed what is on'
};

/** In the history of the thing itself. */
export const didStatusHere = {
	create_status_page: 'made it',
	update_status_page: 'changed it',
	set_status_page_entries: 'changed what it shows'
};

/** What reads are kept in. */
export const cache = {
	title: 'Cache',
	forbidden: 'Only administrators of this Synops see its cache.',
	providers: { memory: 'In the memory of each server', redis: 'In Redis', off: 'Off: every read asks the database' },
	off: 'Off',
	used: 'In use',
	unused: 'Reads go to the database for now',
	unusedBody: 'The cache cannot be reached, or this server’s feed is behind. What is read is right, but slower.',
	provider: 'Kept',
	scope: 'Scope',
	hitRate: 'Hit rate',
	hitRateAll: 'Hit rate of all',
	asked: 'Asked for',
	hits: 'Hits',
	joins: 'Joins',
	joinsHint: 'Answered by a load that was under way',
	misses: 'Misses',
	refusals: 'Refused',
	refusalsHint: 'Loaded and not kept, because it was invalidated meanwhile',
	evictions: 'Evicted',
	troubles: 'Troubles',
	troublesHint: 'The store failed or did not answer; the database was asked instead',
	troubled: (n: number) => `${many(n, 'time', 'times')} the store failed or did not answer. Look at its log; reads are right all the same.`,
	entries: 'Entries',
	bytes: 'Size',
	ttl: 'Lasts',
	since: 'Counted since this server started. Keys and values are never shown.',
	scopes: 'Scopes',
	noScopes: 'Nothing is kept.'
};
