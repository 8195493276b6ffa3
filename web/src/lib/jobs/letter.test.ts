import { describe, expect, it } from 'vitest';
import { dumpOf, recordOf, sourceOf, titleOf } from './letter';

describe('a dead letter', () => {
	it('of telemetry is a record, with the device it came from', () => {
		const letter = { kind: 'record', source: 'telemetry', payload: { imei: '35', codec: 0x8e, hex: '0001' } };
		expect([sourceOf(letter), titleOf(letter)]).toEqual(['telemetry', '35']);
		expect(recordOf(letter)).toEqual({ imei: '35', codec: '8E', hex: '0001' });
	});
	it.each([
		[{ kind: 'tool' }],
		[{ kind: 'tool', source: 'job', payload: { hex: '00' } }],
		[{ kind: 'tool', source: 'telemetry', payload: null }],
		[{ kind: 'tool', source: 'telemetry', payload: { hex: 7 } }]
	])('%o is none', (letter) => expect([recordOf(letter), titleOf(letter)]).toEqual([null, 'tool']));
	it('shows its bytes in rows', () => {
		expect(dumpOf('00414243'.repeat(5))).toEqual([
			{ at: '0000', digits: '00 41 42 43 00 41 42 43 00 41 42 43 00 41 42 43', text: '·ABC·ABC·ABC·ABC' },
			{ at: '0010', digits: '00 41 42 43', text: '·ABC' }
		]);
		expect(dumpOf('')).toEqual([]);
	});
});
