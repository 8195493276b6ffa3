import { request } from '@playwright/test';
import { expect, test } from '../support/flow';
import { countLoads, heading, open, openLive, row, said, workspaces } from '../support/page';

test('going about never loads the page anew, and every address can be opened directly', async ({
	admin,
	browseAs
}) => {
	const place = await admin.create('workspace', 'Shop');
	const group = await admin.create('group', 'Counter', { parent_id: place.id });
	const system = await admin.system('Checkout', group);
	const page = await browseAs(await admin.me());
	await openLive(page, '/');
	const loads = countLoads(page);

	await workspaces(page).getByRole('link', { name: 'Shop' }).click();
	await expect(heading(page, 'Shop')).toBeVisible();
	await expect(page).toHaveTitle('Shop · Synops');
	await row(page, 'Counter', 'Content').getByRole('link').click();
	await expect(heading(page, 'Counter')).toBeVisible();
	await row(page, 'Checkout', 'Content').getByRole('link').click();
	await expect(heading(page, 'Checkout')).toBeVisible();
	await expect(page).toHaveURL(`/systems/${system.id}`);
	await page.goBack();
	await expect(heading(page, 'Counter')).toBeVisible();
	await page.goForward();
	await expect(heading(page, 'Checkout')).toBeVisible();
	await workspaces(page).getByRole('link', { name: 'People and teams' }).click();
	await expect(heading(page, 'People and teams')).toBeVisible();
	await workspaces(page).getByRole('link', { name: 'Health' }).click();
	await expect(heading(page, 'Health')).toBeVisible();
	await page.getByRole('link', { name: 'Administrator' }).click();
	await expect(heading(page, 'Account')).toBeVisible();

	await page.keyboard.press('Escape');
	await page.getByRole('heading', { level: 1 }).click();
	await page.keyboard.press('/');
	await page.keyboard.type('check');
	await expect(page.getByRole('option', { name: 'Checkout' }).first()).toHaveAttribute('aria-selected', 'true');
	await page.keyboard.press('Enter');
	await expect(heading(page, 'Checkout')).toBeVisible();
	expect(loads()).toBe(0);

	for (const [path, title] of [
		[`/systems/${system.id}`, 'Checkout'],
		[`/systems/${system.id}/edit`, 'Edit system'],
		[`/groups/${group.id}`, 'Counter'],
		[`/workspaces/${place.id}?tab=access`, 'Shop'],
		['/people/new', 'New person']
	] as const) {
		await open(page, path);
		await expect(heading(page, title)).toBeVisible();
	}
	const lost = ['/nowhere', '/systems/00000000-0000-7000-8000-00000000dead', `/systems/${place.id}`, '/systems/nonsense'];
	for (const path of lost) {
		await open(page, path);
		await expect(said(page)).toContainText('Nothing here');
	}
	await page.getByRole('link', { name: 'To the overview' }).click();
	await expect(heading(page, 'Overview')).toBeVisible();
});

test('files with hashed names are kept for ever, the others asked for again, all of them compressed', async ({
	browse,
	server
}) => {
	const page = await browse();
	const files: { path: string; headers: Promise<Record<string, string>> }[] = [];
	page.on('response', (answer) => {
		const { pathname } = new URL(answer.url());
		if (!pathname.startsWith('/api/')) files.push({ path: pathname, headers: answer.allHeaders() });
	});
	await open(page, '/sign-in');
	await expect(heading(page, 'Sign in')).toBeVisible();
	const hashed = files.filter(({ path }) => path.startsWith('/_app/immutable/'));
	expect(hashed.length).toBeGreaterThan(3);
	for (const { path, headers } of hashed) {
		expect((await headers)['cache-control'], path).toBe('public, max-age=31536000, immutable');
	}
	const index = await files.find(({ path }) => path === '/sign-in')?.headers;
	expect(index).toMatchObject({ 'cache-control': 'no-cache', 'content-type': expect.stringContaining('text/html') });

	// As a browser behind TLS asks; without it, it takes no Brotli.
	const program = await request.newContext({ baseURL: server.url, extraHTTPHeaders: { 'accept-encoding': 'gzip, br' } });
	const script = hashed.find(({ path }) => path.endsWith('.js'))?.path ?? '';
	for (const path of ['/', script]) {
		const answer = await program.get(path);
		expect(answer.headers(), path).toMatchObject({ 'content-encoding': 'br', vary: expect.stringMatching(/accept-encoding/i) });
	}
	const wrong = await program.get('/api/v1/nowhere');
	expect([wrong.status(), wrong.headers()['content-type']]).toEqual([404, 'application/problem+json']);
	await program.dispose();
});
