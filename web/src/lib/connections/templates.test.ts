import { describe, expect, it } from 'vitest';
import type { Template } from '$lib/api/types';
import { begun, changedOf, lineOf, merged, overlapOf, wordsOf, type Edits } from './templates';

const down = (body: string, html?: string): Template => ({ kind: 'system_down', subject: 's', body, ...(html ? { html } : {}) });
const up = (body: string): Template => ({ kind: 'system_up', subject: 's', body });
const base = wordsOf([down('old'), up('old')]);

describe('own words', () => {
	it('are kept all at once: those edited, those left alone, and none that went back', () => {
		expect(merged(base, new Map([['system_down', down('new')]]))).toEqual([down('new'), up('old')]);
		expect(merged(base, new Map([['system_down', null]]))).toEqual([up('old')]);
		expect(merged(wordsOf([]), new Map([['system_up', up('new')]]))).toEqual([up('new')]);
		expect(merged(wordsOf([]), new Map([['system_down', down('a', ' ')]])), 'no empty HTML').toEqual([down('a')]);
	});

	it.each<[string, Edits, string[]]>([
		['typed back as it was', new Map([['system_down', down('old')]]), []],
		['typed anew', new Map([['system_down', down('new')]]), ['system_down']],
		['with HTML besides', new Map([['system_down', down('old', '<p>')]]), ['system_down']],
		['taken back', new Map([['system_up', null]]), ['system_up']],
		['never there and none now', new Map([['announcement', null]]), []],
		['begun', new Map([['announcement', begun('announcement')]]), ['announcement']]
	])('%s', (_, edits, expected) => expect(changedOf(base, edits)).toEqual(expected));

	it('of two people who change different kinds are both kept; of the same kind it is asked', () => {
		const edits: Edits = new Map([['system_down', down('mine')]]);
		expect(overlapOf(base, wordsOf([down('old'), up('theirs')]), edits)).toEqual([]);
		expect(overlapOf(base, wordsOf([down('theirs'), up('old')]), edits)).toEqual(['system_down']);
		expect(overlapOf(base, wordsOf([up('old')]), edits), 'they went back').toEqual(['system_down']);
		expect(overlapOf(base, wordsOf([down('mine'), up('old')]), edits), 'they wrote the same').toEqual([]);
	});
});

describe('a refusal', () => {
	it.each([
		['template.body: line 2: syntax error', 'a\n{% if\nb', { line: 2, source: '{% if' }],
		['line 1: unexpected end', '{{', { line: 1, source: '{{' }],
		['line 9: what', 'one line', null],
		['arithmetic: a template has names', 'a', null]
	])('%s', (detail, text, expected) => expect(lineOf(detail, text)).toEqual(expected));
});
