import { expect, it } from 'vitest';
import { nextPage } from './next-page';

it.each([
	['', '/'],
	['?next=/systems/x?tab=1', '/systems/x?tab=1'],
	['?next=https://evil.example', '/'],
	['?next=//evil.example', '/'],
	['?next=/%5Cevil.example', '/'],
	['?next=/sign-in', '/']
])('after signing in at %s one goes to %s', (query, path) => {
	expect(nextPage(new URL(`http://synops.example/sign-in${query}`))).toBe(path);
});
