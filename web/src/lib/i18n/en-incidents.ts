/** What went wrong, and what becomes of it. */
export const incident = {
	state: {
		investigating: 'Investigating',
		identified: 'Identified',
		fixing: 'Fixing',
		monitoring: 'Monitoring',
		resolved: 'Resolved'
	},
	stateHint: {
		investigating: 'what it is',
		identified: 'the cause is known',
		fixing: 'it is being mended',
		monitoring: 'whether it holds',
		resolved: 'it is over'
	},
	severity: { minor: 'Minor', major: 'Major', critical: 'Critical' },
	severityName: 'Severity',
	severityHint: {
		minor: 'a nuisance, or few are affected',
		major: 'something that many need does not work',
		critical: 'nearly all is down, or data is at risk'
	},
	stateName: 'State',
	list: 'Incidents',
	open: 'Open',
	over: 'Resolved',
	noOpen: 'No incident is open.',
	noOver: 'No incident has been resolved yet.',
	noneFound: 'No incident fits what is asked for.',
	more: 'Show more',
	count: (n: number) => `${n} open ${n === 1 ? 'incident' : 'incidents'}`,
	filter: 'Filter',
	text: 'Search in titles',
	anyState: 'Any state',
	anySeverity: 'Any severity',
	began: 'began',
	new: 'Open an incident',
	create: 'Open it',
	opened: (title: string) => `${title} is open.`,
	edit: 'Edit the incident',
	titleHint: 'What people notice, such as “Payments fail”.',
	bodyHint: 'What is known besides, and whom to ask. Markdown.',
	affects: 'Affects',
	affected: 'What it affects',
	nothing: 'Nothing that you may see.',
	health: 'State of what it affects',
	healthHint: 'While the incident is open, whatever the checks say.',
	healthOf: { none: 'As the checks say', degraded: 'At least degraded', down: 'Down' },
	suppress: 'Keep alerts quiet',
	suppressHint: 'While it is open nobody is alerted of what it affects.',
	suppressed: 'Alerts are quiet',
	links: 'Links',
	linksHint: 'One on each line: what it is called, then its address.',
	linksWrong: 'Each line needs an address that begins with https:// or http://.',
	first: 'First message',
	firstHint: 'What people are told now. Without one they are told that it was opened.',
	beginsAs: 'It begins as',
	started: 'Began',
	lasted: 'Lasted',
	openFor: 'Open for',
	resolvedAt: 'Resolved',
	acknowledged: 'Acknowledged',
	acknowledgedBy: (name: string) => `${name} is at it`,
	somebody: 'Somebody',
	acknowledge: 'I am at it',
	acknowledgeHint: 'Nobody has said yet that they are at it.',
	automatic: 'Opened by a rule of the system',
	stepper: 'How far it is',
	toState: (state: string) => `Go to ${state}`,
	resolve: 'Resolve',
	resolveTitle: 'Is it over?',
	resolveBody: 'What it affects has its own state again, and everybody who was told of it is told that it is over.',
	resolveMessage: 'Without one people are told “Resolved.”',
	resolved: 'The incident is resolved.',
	reopen: 'Open again',
	deleteTitle: (title: string) => `Delete ${title}?`,
	deleteBody: 'The incident and all that people were told about it are deleted. This cannot be undone. To end it, resolve it.'
};

/** What people are told about an incident or a maintenance. */
export const timeline = {
	updates: 'Updates',
	none: 'Nobody was told anything yet.',
	more: 'Show more',
	update: 'Post an update',
	post: 'Post',
	posted: 'The update was posted.',
	message: 'Message',
	messageHint: 'Markdown.',
	audience: 'For whom',
	audiences: { public: 'Everybody', signed_in: 'Everybody signed in', internal: 'Members only' },
	audienceHints: {
		public: 'all who may see it, also without signing in and on status pages',
		signed_in: 'people of this Synops who may see it',
		internal: 'members of where it belongs'
	},
	state: 'New state',
	sameState: (state: string) => `Stays ${state}`,
	server: 'Synops',
	edit: 'Edit this update',
	editTitle: 'Edit an update',
	editBody: 'What it said before is kept, and can be read here by whoever was told it.',
	edited: 'edited',
	showEdits: 'Show what it said before',
	hideEdits: 'Hide what it said before',
	edits: 'What it said before',
	until: 'until',
	noEdits: 'Nothing that you were told then.',
	changed: 'The update was changed.'
};

export const didIncident = {
	open_incident: 'opened',
	open_due_incident: 'opened, by a rule,',
	update_incident: 'changed',
	acknowledge_incident: 'acknowledged',
	resolve_incident: 'resolved',
	resolve_due_incident: 'resolved, by a rule,',
	add_incident_update: 'told of',
	edit_update: 'changed what was told of'
};

/** In the history of the thing itself. */
export const didIncidentHere = {
	open_incident: 'opened it',
	open_due_incident: 'opened it, by a rule',
	update_incident: 'changed it',
	acknowledge_incident: 'acknowledged it',
	resolve_incident: 'resolved it',
	resolve_due_incident: 'resolved it, by a rule',
	add_incident_update: 'told people of it',
	edit_update: 'changed what was told'
};
