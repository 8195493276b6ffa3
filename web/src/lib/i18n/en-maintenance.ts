/** Planned windows. */
export const maintenance = {
	state: {
		scheduled: 'Planned',
		in_progress: 'Under way',
		verifying: 'Being checked',
		completed: 'Done',
		cancelled: 'Called off'
	},
	stateName: 'State',
	starts: 'Begins',
	ends: 'Ends',
	began: 'Began',
	finished: 'Finished',
	affects: 'Affects',
	nothing: 'Nothing that you may see.'
};

export const didMaintenance = {
	plan_maintenance: 'planned',
	update_maintenance: 'changed',
	extend_maintenance: 'extended',
	start_maintenance: 'started',
	end_maintenance: 'ended the work of',
	close_maintenance: 'closed',
	cancel_maintenance: 'called off',
	advance_maintenance: 'moved on',
	add_maintenance_update: 'told of'
};

/** In the history of the thing itself. */
export const didMaintenanceHere = {
	plan_maintenance: 'planned it',
	update_maintenance: 'changed it',
	extend_maintenance: 'extended it',
	start_maintenance: 'started it',
	end_maintenance: 'ended the work',
	close_maintenance: 'closed it',
	cancel_maintenance: 'called it off',
	advance_maintenance: 'moved it on, by the clock',
	add_maintenance_update: 'told people of it'
};
