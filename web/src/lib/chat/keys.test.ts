import { expect, it } from 'vitest';
import { sends } from './keys';

it.each([
	['Enter', false, false, true],
	['Enter', true, false, false],
	['Enter', false, true, false],
	['a', false, false, false]
])('%s, with Shift: %s, by finger: %s, sends: %s', (key, shiftKey, byFinger, expected) => expect(sends({ key, shiftKey }, byFinger)).toBe(expected));
