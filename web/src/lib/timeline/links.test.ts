import { describe, expect, it } from 'vitest';
import { linesOf, linksOf } from './links';

describe('links', () => {
	it('are one on each line, the name before the address', () => {
		const links = [
			{ title: 'How to mend it', url: 'https://wiki.example.org/a' },
			{ title: 'example.org', url: 'http://example.org/b' }
		];
		expect(linksOf('How to mend it https://wiki.example.org/a \n\n  http://example.org/b')).toEqual(links);
		expect(linksOf(linesOf(links))).toEqual(links);
		expect(linksOf(' \n')).toEqual([]);
	});

	it.each(['Runbook', 'Runbook ftp://example.org', 'https://', 'javascript:alert(1)'])('%s has no address', (line) => {
		expect(linksOf(line)).toBeNull();
	});
});
