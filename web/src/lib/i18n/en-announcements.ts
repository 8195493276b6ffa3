/** What everybody should know, for a time. */
export const announcement = {
	list: 'Announcements',
	severity: { info: 'Information', warning: 'Warning', critical: 'Critical' },
	severityName: 'Severity',
	state: { scheduled: 'Planned', active: 'Shown now', ended: 'Past' },
	reach: { all: 'Everybody', signed_in: 'Everybody signed in', members: 'Members only' },
	reachName: 'For whom',
	reachHint: {
		all: 'also without signing in, and on the sign-in page',
		signed_in: 'all people of this Synops',
		members: 'members of the place it is made in'
	},
	style: { banner: 'On top of every page', page: 'A line that leads to a page of its own' },
	styleName: 'How it is shown',
	styleHint: {
		banner: 'Title and first paragraph stand on top of every page.',
		page: 'Only the title stands on top of every page; for longer texts.'
	},
	place: 'Place',
	instance: 'All of Synops',
	text: 'Text',
	textHint: 'Markdown.',
	starts: 'Begins',
	startsHint: 'Left empty: now.',
	ends: 'Ends',
	endsHint: 'Left empty: when somebody ends it.',
	endsBefore: 'It ends before it begins.',
	new: 'New announcement',
	create: 'Announce it',
	created: (title: string) => `${title} is announced.`,
	edit: 'Edit the announcement',
	again: 'With other words it is shown again to those who have put it away.',
	current: 'Shown now',
	planned: 'Planned',
	past: 'Past',
	noCurrent: 'Nothing is announced now.',
	noPlanned: 'Nothing is planned.',
	noPast: 'Nothing has ended yet.',
	more: 'Show more',
	from: 'from',
	until: 'until',
	endless: 'until somebody ends it',
	end: 'End it now',
	ended: (title: string) => `${title} has ended.`,
	away: 'Put away by you',
	dismiss: (title: string) => `Put away: ${title}`,
	notDismissed: 'It could not be put away. Try again in a moment.',
	read: 'Read',
	others: (n: number) => `${n} more ${n === 1 ? 'announcement' : 'announcements'}`,
	preview: 'Preview',
	previewEmpty: 'What you write shows here as people will see it.',
	deleteTitle: (title: string) => `Delete ${title}?`,
	deleteBody: 'It is gone for everybody at once. To only end it, let it end now.',
	order: (title: string, at: number, of: number) => `Move ${title}, ${at} of ${of}: arrow keys, or drag`,
	moved: (title: string, at: number, of: number) => `${title} is ${at} of ${of} now`
};

export const didAnnouncement = {
	create_announcement: 'announced',
	update_announcement: 'changed',
	order_announcements: 'ordered',
	advance_announcement: 'moved on'
};

/** In the history of the thing itself. */
export const didAnnouncementHere = {
	create_announcement: 'announced it',
	update_announcement: 'changed it',
	order_announcements: 'ordered it among the others',
	advance_announcement: 'moved it on, by the clock'
};
