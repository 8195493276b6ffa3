import { expect, serve, test as base } from '../support/flow';
import { connection, heading, open, openLive, row } from '../support/page';
import { Server } from '../support/server';

// As `./dev up` runs it: with a private PostgreSQL in the data directory.
const test = base.extend({
	server: async ({}, use, info) => {
		const log = info.outputPath('server.log');
		await serve(new Server({ demo: true, log }), log, use);
	}
});

test('the demonstration shows every state, by day, by night and on a phone', async ({ admin, browseAs }, info) => {
	const page = await browseAs(await admin.me());
	await openLive(page, '/');
	await expect(row(page, 'Decommissioned gateway')).toContainText('Down');
	await expect(row(page, 'Weather station')).toContainText('Degraded');
	await expect(row(page, 'Backup generator')).toContainText('Unknown');
	for (const title of ['Health endpoint', 'Readiness endpoint', 'PostgreSQL', 'Listener', 'Loopback by name', 'Website']) {
		await expect(row(page, title)).toContainText('Up');
	}
	await expect(page.getByTestId('problems')).toHaveText('2 problems');
	const counts = page.getByRole('group', { name: 'Systems by state' });
	await expect(counts.getByRole('button', { name: 'Degraded' })).toContainText('1');
	await counts.getByRole('button', { name: 'Down' }).click();
	await expect(page.getByRole('region', { name: 'Systems' }).getByRole('listitem')).toHaveCount(1);
	await counts.getByRole('button', { name: 'Down' }).click();

	await page.screenshot({ path: info.outputPath('overview-light.png') });
	await page.emulateMedia({ colorScheme: 'dark' });
	await expect(page.locator('html')).toHaveClass(/dark/);
	await page.screenshot({ path: info.outputPath('overview-dark.png') });
	await row(page, 'Weather station').getByRole('link').click();
	await expect(page.getByRole('img', { name: /Latency chart/ })).toBeVisible();
	await page.screenshot({ path: info.outputPath('system-dark.png') });

	await page.emulateMedia({ colorScheme: 'light' });
	await page.setViewportSize({ width: 390, height: 844 });
	const system = new URL(page.url()).pathname;
	const shown = [
		['/', 'Overview'],
		[system, 'Weather station'],
		[`${system}/edit`, 'Edit system'],
		['/people', 'People and teams'],
		['/account', 'Account'],
		['/admin/health', 'Health']
	] as const;
	for (const [index, [path, title]] of shown.entries()) {
		await open(page, path);
		await expect(heading(page, title)).toBeVisible();
		await expect(connection(page)).toContainText('Live');
		const [content, screen] = await page.evaluate(() => [document.scrollingElement?.scrollWidth ?? 0, innerWidth] as const);
		expect(content, `${path} is wider than a phone`).toBeLessThanOrEqual(screen);
		await page.screenshot({ path: info.outputPath(`phone-${index}.png`) });
	}
	await page.getByRole('button', { name: 'More' }).click();
	await page.getByRole('navigation', { name: 'Main' }).filter({ visible: true }).getByRole('link', { name: 'Overview' }).click();
	await expect(heading(page, 'Overview')).toBeVisible();
	await expect(page.getByRole('button', { name: 'More' })).toHaveAttribute('aria-expanded', 'false');
});
