/** What was done in the catalog: see did, didHere and didEdge. */
export const didCatalog = {
	order_groups: 'ordnet mappene i',
	create_view: 'opprettet',
	update_view: 'endret',
	add_contact: 'la til en kontakt for',
	update_mailbox: 'endret'
};

export const didCatalogHere = {
	order_groups: 'ordnet mappene',
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
