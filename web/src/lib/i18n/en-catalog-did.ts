/** What was done in the catalog: see did, didHere and didEdge. */
export const didCatalog = {
	order_groups: 'ordered the groups of',
	create_view: 'created',
	update_view: 'changed',
	add_contact: 'added a contact to',
	update_mailbox: 'changed'
};

export const didCatalogHere = {
	order_groups: 'ordered the groups',
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
