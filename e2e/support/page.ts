import { expect, type Locator, type Page } from '@playwright/test';

/** Both are in the page, one per width; the other one is hidden. */
export const connection = (page: Page): Locator => page.getByTestId('connection').filter({ visible: true });

/**
 * Opens an address. The way to hear of changes is asked for, since the page's own choice waits for a
 * socket no longer than two seconds; that choice has a flow of its own.
 */
export async function open(page: Page, path: string): Promise<void> {
	const url = new URL(path, 'http://page');
	url.searchParams.set('connection', 'live');
	await page.goto(url.pathname + url.search + url.hash);
}

/** Opens an address of the shell, and waits until the page is live. */
export async function openLive(page: Page, path: string): Promise<void> {
	await open(page, path);
	await expectLive(page);
}

export async function expectLive(page: Page): Promise<void> {
	await expect(connection(page)).toHaveAttribute('data-status', 'live');
	await expect(connection(page)).toContainText('Live');
}

/** Counts how often a page is loaded from now on: going about within it is no load. */
export function countLoads(page: Page): () => number {
	let loads = 0;
	page.on('request', (request) => {
		if (request.isNavigationRequest() && request.frame() === page.mainFrame()) loads++;
	});
	return () => loads;
}

/** An input of the page itself; the search beside it has a label too. */
export const field = (page: Page, label: string): Locator => page.getByRole('main').getByLabel(label);

/** The row of a system in the overview, or of what is in a workspace (`Content`). */
export function row(page: Page, title: string, region = 'Systems'): Locator {
	return page
		.getByRole('region', { name: region })
		.getByRole('listitem')
		.filter({ has: page.getByRole('link', { name: title, exact: true }) });
}

export const heading = (page: Page, name: string): Locator => page.getByRole('heading', { level: 1, name, exact: true });

export const workspaces = (page: Page): Locator => page.getByRole('navigation', { name: 'Main' }).filter({ visible: true });

/** All that the page says. */
export const said = (page: Page): Locator => page.locator('body');

/** What the page says of Synops going down, being away and coming back; `data-kind` says which. */
export const banner = (page: Page): Locator => page.getByTestId('banner');

export const countdown = (page: Page): Locator => banner(page).getByTestId('countdown');

/** A time as the page shows it. */
export const clockTime = (at: string | number): string =>
	new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' }).format(new Date(at));
