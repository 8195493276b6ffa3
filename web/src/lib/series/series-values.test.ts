import { expect, it } from 'vitest';
import type { MaintenanceSeries } from '$lib/api/types';
import { readSeries, writeSeries } from './series-values';

const series = {
	title: 'Restart',
	body: '',
	starts_at: '2026-03-28T23:30:00',
	duration_s: 7_200,
	timezone: 'Europe/Oslo',
	rule: null
} as MaintenanceSeries;

it('is shown on the wall, over midnight and changes of the clock too', () => {
	expect(readSeries(series)).toEqual({
		title: 'Restart',
		body: '',
		starts: '2026-03-28T23:30',
		ends: '2026-03-29T01:30',
		zone: 'Europe/Oslo',
		rule: ''
	});
});

it('sends only what was changed, and its length with its times', () => {
	const values = { ...readSeries(series), ends: '2026-03-29T00:30' };
	expect(writeSeries('s', 4, {}, values)).toEqual({ type: 'update_maintenance_series', id: 's', version: 4, series: {} });
	expect(writeSeries('s', 4, { title: ' New ' }, values)).toMatchObject({ title: 'New', series: {} });
	expect(writeSeries('s', 4, { ends: values.ends }, values)).toMatchObject({ series: { duration_s: 3_600 } });
	expect(writeSeries('s', 4, { rule: '' }, values)).toMatchObject({ series: { rule: null } });
});
