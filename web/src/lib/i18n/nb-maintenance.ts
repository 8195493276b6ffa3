export const maintenance = {
	state: {
		scheduled: 'Planlagt',
		in_progress: 'Pågår',
		verifying: 'Kontrolleres',
		completed: 'Ferdig',
		cancelled: 'Avlyst'
	},
	stateName: 'Tilstand',
	starts: 'Begynner',
	ends: 'Slutter',
	began: 'Begynte',
	finished: 'Ble ferdig',
	affects: 'Berører',
	nothing: 'Ingenting som du får se.'
};

export const didMaintenance = {
	plan_maintenance: 'planla',
	update_maintenance: 'endret',
	extend_maintenance: 'forlenget',
	start_maintenance: 'startet',
	end_maintenance: 'avsluttet arbeidet med',
	close_maintenance: 'lukket',
	cancel_maintenance: 'avlyste',
	advance_maintenance: 'førte videre',
	add_maintenance_update: 'fortalte om'
};

export const didMaintenanceHere = {
	plan_maintenance: 'planla det',
	update_maintenance: 'endret det',
	extend_maintenance: 'forlenget det',
	start_maintenance: 'startet det',
	end_maintenance: 'avsluttet arbeidet',
	close_maintenance: 'lukket det',
	cancel_maintenance: 'avlyste det',
	advance_maintenance: 'førte det videre, etter klokken',
	add_maintenance_update: 'fortalte om det'
};
