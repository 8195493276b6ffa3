/** What was done in the catalog: see did, didHere and didEdge. */
export const didCatalog = {
	order_groups: 'ordnet mappene i',
	create_device: 'opprettet',
	update_device: 'endret',
	create_geofence: 'opprettet',
	update_geofence: 'endret',
	mark_positions: 'merket posisjoner for',
	retell_device: 'ba om ny gjennomgang av',
	send_command: 'sendte en kommando til',
	create_view: 'opprettet',
	update_view: 'endret',
	add_contact: 'la til en kontakt for',
	update_mailbox: 'endret'
};

export const didCatalogHere = {
	order_groups: 'ordnet mappene',
	create_device: 'opprettet den',
	update_device: 'endret den',
	create_geofence: 'opprettet den',
	update_geofence: 'endret den',
	mark_positions: 'merket posisjoner',
	retell_device: 'ba om ny gjennomgang',
	send_command: 'sendte den en kommando',
	create_view: 'opprettet den',
	update_view: 'endret den',
	add_contact: 'la til en kontakt',
	update_mailbox: 'endret den'
};

export const didCatalogEdge = {
	contact: {
		create: { verb: 'nevnte', with: 'som kontakt for' },
		update: { verb: 'endret', with: 'som kontakt for' },
		delete: { verb: 'fjernet', with: 'som kontakt for' }
	},
	runs: {
		create: { verb: 'la', with: 'i' },
		update: { verb: 'endret', with: 'i' },
		delete: { verb: 'tok', with: 'ut av' }
	}
};
