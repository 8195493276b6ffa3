import type { Page } from '@playwright/test';
import axe from 'axe-core';

/**
 * What keeps people from using the page, by axe's own judgement: one line per
 * rule and element. `colours`: only the rules that ask for them.
 */
export async function barriers(page: Page, rules: 'all' | 'colours'): Promise<string[]> {
	// Evaluated by the debugger: the page's content security policy lets in no script of ours.
	await page.evaluate(axe.source);
	const results = await page.evaluate(async (only) => {
		const { axe: here } = window as unknown as { axe: typeof axe };
		return here.run(document, { resultTypes: ['violations'], ...(only ? { runOnly: only } : {}) });
	}, rules === 'colours' ? ['color-contrast', 'link-in-text-block'] : null);
	return results.violations
		.filter(({ impact }) => impact === 'serious' || impact === 'critical')
		.flatMap(({ id, nodes }) =>
			nodes.map((node) => `${id}: ${node.target.join(' ')} (${node.failureSummary?.split('\n')[1]?.trim() ?? ''})`)
		);
}
