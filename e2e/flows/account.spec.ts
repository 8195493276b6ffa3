import { request } from '@playwright/test';
import { en } from '../../web/src/lib/i18n/en';
import { expect, test } from '../support/flow';
import { countLoads, heading, openLive, said } from '../support/page';

test('an API token is shown once, works, and is refused when revoked', async ({ admin, browseAs, server }) => {
	const page = await browseAs(await admin.me());
	await openLive(page, '/account');
	await page.getByLabel('What it is for').fill('backup');
	await page.getByRole('button', { name: 'New token' }).click();
	const token = await page.getByTestId('secret').inputValue();
	const program = await request.newContext({
		baseURL: server.url,
		extraHTTPHeaders: { authorization: `Bearer ${token}` }
	});
	const asked = await program.get('/api/v1/me');
	expect(asked.status()).toBe(200);
	expect(await asked.json()).toMatchObject({ person: { title: 'Administrator' } });
	// It was made to read.
	const place = { title: 'By a program' };
	expect((await program.post('/api/v1/workspaces', { data: place })).status()).toBe(403);

	await page.reload();
	const tokens = page.getByRole('region', { name: 'API tokens' });
	await expect(tokens).toContainText('backup');
	await expect(page.getByTestId('secret')).toHaveCount(0);
	expect(await page.content()).not.toContain(token);

	await tokens.getByRole('button', { name: 'Revoke backup?' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
	await expect(tokens).toContainText('No tokens.');
	expect((await program.get('/api/v1/me')).status()).toBe(401);
	await program.dispose();
});

test('a session that is ended elsewhere ends on its page', async ({ admin, browseAs }) => {
	const me = await admin.me();
	const page = await browseAs(me);
	const elsewhere = await browseAs(me);
	await openLive(elsewhere, '/');
	await openLive(page, '/account');
	const sessions = page.getByRole('region', { name: 'Signed in' });
	await expect(sessions).toContainText('(this one)');
	const loads = countLoads(elsewhere);
	// This one's, the other one's and the one without a page.
	await expect(sessions.getByRole('listitem')).toHaveCount(3);
	for (const left of [2, 1]) {
		await sessions.getByRole('button', { name: 'Sign out there' }).first().click();
		await expect(sessions.getByRole('listitem')).toHaveCount(left);
	}
	await expect(elsewhere.getByText('Your session ended. Sign in again to go on.')).toBeVisible();
	expect(loads()).toBe(0);
	await expect(heading(page, 'Account')).toBeVisible();
});

test('the dark theme stays over a reload and comes along to another browser', async ({ admin, browseAs }) => {
	const me = await admin.me();
	const page = await browseAs(me);
	await openLive(page, '/account');
	const html = page.locator('html');
	const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
	await expect(html).not.toHaveClass(/dark/);
	const light = await ground();
	const kept = page.waitForResponse((answer) => answer.request().method() === 'PATCH' && answer.ok());
	await page.getByText('Dark', { exact: true }).click();
	await kept;
	await expect(html).toHaveClass(/dark/);
	await expect.poll(ground).not.toBe(light);
	await page.reload();
	await expect(heading(page, 'Account')).toBeVisible();
	await expect(html).toHaveClass(/dark/);
	await expect(page.getByRole('radio', { name: 'Dark' })).toBeChecked();

	const other = await browseAs(me);
	await openLive(other, '/');
	await expect(other.locator('html')).toHaveClass(/dark/);
});

/** The page's Norwegian. Its file names types of Svelte's compiler, which is not at hand here. */
async function norwegianTexts(): Promise<typeof en> {
	const file: string = '../../web/src/lib/i18n/nb';
	return ((await import(file)) as { nb: typeof en }).nb;
}

/** Every text of a dictionary, by its path; texts that are made by functions are left out. */
function texts(dictionary: object, path = ''): Map<string, string> {
	const entries = Object.entries(dictionary).flatMap(([key, value]: [string, unknown]): [string, string][] => {
		if (typeof value === 'string') return [[`${path}${key}`, value]];
		return value !== null && typeof value === 'object' ? [...texts(value, `${path}${key}.`)] : [];
	});
	return new Map(entries);
}

test('bokmål takes the place of every English text', async ({ admin, browseAs }) => {
	const nb = await norwegianTexts();
	const place = await admin.create('workspace', 'Xyzzy');
	const system = await admin.system('Plugh', place);
	const me = await admin.me();
	const page = await browseAs(me);
	await openLive(page, '/account');
	const loads = countLoads(page);
	await page.getByText('Norsk bokmål', { exact: true }).click();
	await expect(heading(page, nb.account.title)).toBeVisible();
	await expect(page.locator('html')).toHaveAttribute('lang', 'nb');
	expect(loads()).toBe(0);

	// A word that is also Norwegian for something else (`Team`, `System`) tells nothing.
	const norwegian = new Set(texts(nb).values());
	const english = new Set([...texts(en).values()].filter((text) => !norwegian.has(text)));
	const paths = ['/account', '/', `/workspaces/${place.id}?tab=access`, `/systems/${system.id}/edit`, '/people', '/systems/new'];
	for (const path of paths) {
		await page.goto(path);
		await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
		await expect(page.getByRole('navigation', { name: nb.nav.main })).toContainText(nb.nav.overview);
		await expect(said(page)).toContainText(me.title);
		const shown = await page.evaluate(() => {
			const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
			const found = [...document.querySelectorAll('[aria-label], [title], [placeholder]')].flatMap((element) =>
				['aria-label', 'title', 'placeholder'].map((name) => element.getAttribute(name) ?? '')
			);
			while (walker.nextNode()) found.push(walker.currentNode.textContent ?? '');
			return found.map((text) => text.trim());
		});
		expect(shown.length).toBeGreaterThan(20);
		expect(shown.filter((text) => english.has(text)), `English on ${path}`).toEqual([]);
	}
});
