const many = (n: number, one: string, more: string) => `${n} ${n === 1 ? one : more}`;

/** Systems in lists, what hangs together, and whom to ask. */
export const catalog = {
	title: 'Systems',
	systemsOf: (n: number) => many(n, 'system', 'systems'),
	because: 'because',
	is: { down: 'is down', degraded: 'is degraded' },
	fails: 'fails',
	byIncident: 'because of an open incident',
	byHidden: 'because of something you may not see',
	filter: 'Filter',
	text: 'Part of the title',
	states: 'States',
	group: 'Group',
	anyGroup: 'All groups',
	environment: 'Environment',
	anyEnvironment: 'All environments',
	several: (n: number) => `${n} of them`,
	order: 'Order',
	orders: { title: 'By title', worst_first: 'Worst first', newest_first: 'Latest change first' },
	clear: 'Clear the filter',
	none: 'No system is like that',
	noneBody: 'Change or clear the filter to see others.',
	resort: 'Sort again',
	saveView: 'Save as a view',
	from: (first: number, last: number, of: number) => `${first}–${last} of ${of}`,
	pages: 'Pages',
	before: 'Page before',
	after: 'Next page',
	choose: 'Select',
	chooseEnd: 'Done',
	chooseOne: (title: string) => `Select ${title}`,
	chooseAll: 'Select all on this page',
	chosen: (n: number) => `${n} selected`,
	chosenMost: (n: number) => `No more than ${n} at once.`,
	chooseHint: 'Shift and click selects all in between.',
	act: 'With those selected',
	plan: 'Plan a maintenance',
	openIncident: 'Open an incident',
	putInto: 'Put into an environment',
	putIntoTitle: (n: number) => `Where ${n === 1 ? 'does it' : 'do they'} run?`,
	put: 'Put',
	wasPut: (n: number, title: string) => `${many(n, 'system runs', 'systems run')} in ${title} now.`,
	remove: 'Delete',
	removeTitle: (n: number) => `Delete ${many(n, 'system', 'systems')}?`,
	removeBody: 'They, their links and their history of checks are deleted. This cannot be undone.',
	andMore: (n: number) => `and ${n} more`,
	removed: (n: number) => `${many(n, 'system was', 'systems were')} deleted.`,
	notAllowed: (n: number) => `${n === 1 ? 'One of them' : `${n} of them`} you may not change. Leave out what you may only read.`
};

export const views = {
	title: 'Views',
	new: 'New view',
	edit: 'Edit view',
	none: 'No views yet',
	noneBody: 'A view is a saved selection of systems, such as what is down in production. Everybody sees in it what they may see.',
	selects: 'What it selects',
	preview: 'As it is now',
	everything: 'All systems',
	inGroups: (titles: string) => `in ${titles}`,
	runningIn: (titles: string) => `running in ${titles}`,
	titled: (text: string) => `with “${text}” in the title`,
	picked: (n: number) => `${n} picked ${n === 1 ? 'system' : 'systems'}`,
	besides: (picked: string) => `, and ${picked}`,
	pick: 'Picked systems',
	pickHint: 'These besides, whatever the rest says. With nothing else chosen, these alone.',
	pickFind: 'Find systems',
	pickNone: 'No system is called that.',
	unpick: (title: string) => `Leave out ${title}`,
	hidden: 'something you may not see',
	empty: 'No system is like that now. They will show here when they are.',
	deleteTitle: (title: string) => `Delete ${title}?`,
	deleteBody: 'The view is deleted for everybody. The systems stay.',
	groupsHint: 'Also what is deeper in them. None: everywhere.',
	environmentsHint: 'In one of these. None: wherever they run.',
	noGroups: 'There are no groups.',
	noEnvironments: 'There are no environments.'
};

export const environments = {
	title: 'Environments',
	new: 'New environment',
	edit: 'Edit environment',
	none: 'No environments yet',
	noneBody: 'An environment says where systems run: production, staging. Make one, then put systems into it.',
	systems: 'Runs here',
	empty: 'Nothing runs here yet. Put systems into it from their own page or from the list of systems.',
	runsIn: 'Runs in',
	nowhere: 'Nobody said where it runs.',
	add: 'Put into an environment',
	choose: 'Environment',
	noneToChoose: 'There is no other environment. Make one first.',
	remove: (title: string) => `Take it out of ${title}`,
	deleteTitle: (title: string) => `Delete ${title}?`,
	deleteBody: 'The environment is deleted. The systems stay.'
};

export const contacts = {
	title: 'Contacts',
	none: 'Name a person, a team or a mailbox to ask.',
	add: 'Add',
	addTitle: 'Whom to ask',
	who: 'Who',
	kinds: { person: 'Person or team', mailbox: 'A new mailbox', contact: 'A mailbox there is' },
	role: 'As',
	roleHint: 'For example on call, or owner',
	name: 'Name',
	email: 'Address',
	emailHint: 'Shown to whoever is signed in',
	from: (title: string) => `from ${title}`,
	remove: (title: string) => `Remove ${title} from the contacts`,
	removed: 'The contact was removed.',
	edit: (title: string) => `Edit ${title}`,
	editTitle: 'Edit the mailbox',
	askedAbout: 'Asked about',
	nothing: 'It is asked about nothing that you may see.',
	noAddress: 'not to be seen',
	more: 'Show more',
	deleteTitle: (title: string) => `Delete ${title}?`,
	deleteBody: 'The mailbox is removed from everything it is asked about.'
};

export const weblinks = {
	title: 'Links',
	none: 'No links. Add the runbook, the dashboard, the code.',
	edit: 'Edit the links',
	name: 'Title',
	url: 'Address',
	add: 'Add a link',
	remove: (title: string) => `Remove ${title}`,
	up: (title: string) => `Move ${title} up`,
	down: (title: string) => `Move ${title} down`,
	most: (n: number) => `At most ${n}.`,
	example: 'https://',
	untitled: 'the link without a title'
};

export const impact = {
	label: 'Impact',
	of: (title: string) => `Impact of ${title}`,
	informational: 'None',
	degraded: 'Degraded',
	critical: 'Critical',
	informationalHint: 'Only shown. Its failure changes nothing here.',
	degradedHint: 'When it fails, this is degraded.',
	criticalHint: 'When it is down, this is down.'
};

export const rule = {
	title: 'Incident by itself',
	on: 'Open an incident when it is down for long',
	onHint: 'One for each failure of its own, not while it is under maintenance.',
	after: 'Down for',
	minutes: 'minutes',
	resolve: 'Resolve it when the system is up again',
	fact: (span: string) => `after ${span} down`
};

export const going = {
	title: 'Going on',
	incident: 'Incident',
	open: 'Open incidents',
	all: 'All',
	nothing: 'Nothing now, and nothing is planned.',
	noIncident: 'No incident is open.',
	noMaintenance: 'None is under way or planned.'
};

export const groupOrder = {
	title: 'Order of the groups',
	start: 'Order',
	save: 'Save the order',
	hint: 'Drag a group, or use the buttons.',
	up: (title: string) => `Move ${title} up`,
	down: (title: string) => `Move ${title} down`,
	moved: (title: string, at: number, of: number) => `${title} is number ${at} of ${of}.`
};

export const dashboard = {
	problems: 'What is wrong',
	since: 'for',
	alsoHit: (n: number) => `${many(n, 'system', 'systems')} hit by it`,
	hiddenTitle: 'Something you may not see',
	hiddenBody: 'It fails, and takes along what you see here.',
	clearTitle: 'All clear',
	clearBody: (n: number) => `${many(n, 'system is', 'systems are')} watched, and nothing is wrong.`,
	clearUnknown: (n: number) => `${many(n, 'system has', 'systems have')} no state: not checked, or not yet.`,
	now: 'Going on now',
	more: (n: number) => `and ${n} more`
};

export const palette = {
	title: 'Search and commands',
	open: 'Search or do',
	key: 'Ctrl K',
	keyMac: '⌘ K',
	placeholder: 'Search, or say what to do',
	results: 'Results',
	none: 'Nothing found. Try the beginning of a word.',
	failed: 'The search did not answer. What is listed comes from this page alone.',
	found: 'Found',
	recent: 'Opened lately',
	incidents: 'Incidents',
	announcements: 'Announcements',
	pages: 'Pages',
	actions: 'Do',
	move: 'move',
	take: 'open',
	leave: 'close',
	count: (n: number) => many(n, 'result', 'results'),
	planFor: (title: string) => `Plan maintenance for ${title}`,
	incidentFor: (title: string) => `Open incident for ${title}`,
	themeLight: 'Light theme',
	themeDark: 'Dark theme',
	themeSystem: 'Theme as the device',
	checkNow: (title: string) => `Check ${title} now`
};
