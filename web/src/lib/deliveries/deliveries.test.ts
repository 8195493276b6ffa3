import { describe, expect, it } from 'vitest';
import { hrefOfDelivery, stateOf, subjectOf } from './deliveries';

describe('a delivery', () => {
	it('is called as it went out, and before that by what it is about', () => {
		expect(subjectOf({ subject: '[ops] db', kind: 'system_down', title: 'db' })).toBe('[ops] db');
		expect(subjectOf({ subject: null, kind: 'system_down', title: 'db: primary' })).toBe('Down: db: primary');
	});

	it.each([
		['system_down', '/systems/n'],
		['incident_resolved', '/incidents/n'],
		['maintenance_reminder', '/maintenances/n'],
		['announcement', '/announcements/n'],
		['disk_full', null]
	])('of %s leads to %s', (kind, href) => expect(hrefOfDelivery({ node_id: 'n', kind })).toBe(href));

	it('in a state that is not known is on its way', () => {
		expect(stateOf('dead')).toBe('dead');
		expect(stateOf('sealed')).toBe('queued');
	});
});
