/** What was done in the catalog: see did, didHere and didEdge. */
export const didCatalog = {
	order_groups: 'ordered the groups of',
	create_device: 'created',
	update_device: 'changed',
	create_geofence: 'created',
	update_geofence: 'changed',
	mark_positions: 'marked positions of',
	retell_device: 'asked to retell',
	send_command: 'sent a command to',
	create_view: 'created',
	update_view: 'changed',
	add_contact: 'added a contact to',
	update_mailbox: 'changed'
};

export const didCatalogHere = {
	order_groups: 'ordered the groups',
	create_device: 'created it',
	update_device: 'changed it',
	create_geofence: 'created it',
	update_geofence: 'changed it',
	mark_positions: 'marked positions',
	retell_device: 'asked to retell it',
	send_command: 'sent it a command',
	create_view: 'created it',
	update_view: 'changed it',
	add_contact: 'added a contact',
	update_mailbox: 'changed it'
};

export const didCatalogEdge = {
	contact: {
		create: { verb: 'named', with: 'as a contact of' },
		update: { verb: 'changed', with: 'as a contact of' },
		delete: { verb: 'removed', with: 'as a contact of' }
	},
	runs: {
		create: { verb: 'put', with: 'into' },
		update: { verb: 'changed', with: 'in' },
		delete: { verb: 'took', with: 'out of' }
	}
};
