import { describe, expect, it } from 'vitest';
import { asApiError, refusal } from './problem';

describe('refusal', () => {
	it.each([
		[404, { code: 'not_found', detail: 'no such node' }, 'not_found'],
		[503, { code: 'unavailable' }, 'unavailable'],
		[412, '<html>', 'stale'],
		[400, undefined, 'invalid'],
		[502, '<html>Bad gateway</html>', 'network']
	])('%i with %j is %s', (status, body, code) => {
		const error = refusal(status, body);
		expect([error.code, error.status]).toEqual([code, status]);
	});
});

describe('asApiError', () => {
	it('takes what is no answer for a lost one', () => {
		expect(asApiError(new TypeError('Failed to fetch')).code).toBe('network');
	});
});
