import { describe, expect, it } from 'vitest';
import { arranged, entriesOf, sameEntries } from './entries';
import { withoutScript } from './preview';
import { slugOf, writeStatusPage } from './status-page-values';

describe('an address of a title', () => {
	it.each([
		['Acme status', 'acme-status'],
		['  Hélène & Søn AS! ', 'helene-son-as'],
		['Ærlig talt', 'aerlig-talt'],
		['???', ''],
		['x'.repeat(80), 'x'.repeat(64)]
	])('%s', (title, slug) => expect(slugOf(title)).toBe(slug));
});

describe('an edit of a status page', () => {
	it('tells its own fields apart from those of any node', () => {
		expect(writeStatusPage({ title: ' A ', slug: 'a' })).toEqual({
			type: 'update_status_page',
			title: 'A',
			status_page: { slug: 'a' }
		});
	});
});

describe('a preview', () => {
	it('has no script left', () => {
		const html = '<head><script defer src="/a.js"></script><title>A</title></head><script>\nalert(1)\n</script><p>b</p>';
		expect(withoutScript(html)).toBe('<head><title>A</title></head><p>b</p>');
	});
});

describe('what is on a status page', () => {
	const entries = [
		{ target_id: 'a', kind: 'system', title: 'A', label: null },
		{ target_id: 'b', kind: 'group', title: 'B', label: 'Databases' }
	];
	it('is told as it is shown, without labels that say nothing', () => {
		const [a, b] = arranged(entries);
		if (!a || !b) throw new Error('two entries');
		expect(entriesOf([b, { ...a, label: '  ' }])).toEqual([{ target_id: 'b', label: 'Databases' }, { target_id: 'a' }]);
	});
	it('differs by order and label alone', () => {
		const list = arranged(entries);
		expect(sameEntries(list, list.map((one) => ({ ...one, title: 'renamed' })))).toBe(true);
		expect(sameEntries(list, list.toReversed())).toBe(false);
		expect(sameEntries(list, list.map((one) => ({ ...one, label: 'x' })))).toBe(false);
	});
});
