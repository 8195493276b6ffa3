import type { Page } from '@playwright/test';
import { expect, test } from '../support/flow';
import { connection, expectLive, field, openLive, row } from '../support/page';

const socket = '**/api/v1/live';

/** Every state of the connection that the page shows from now on. */
async function watchStatus(page: Page): Promise<() => Promise<string[]>> {
	await connection(page).evaluate((badge) => {
		const seen: string[] = [];
		Object.assign(window, { seen });
		const look = () => seen.push(badge.getAttribute('data-status') ?? '');
		new MutationObserver(look).observe(badge, { attributes: true, attributeFilter: ['data-status'] });
	});
	return () => page.evaluate(() => (window as unknown as { seen: string[] }).seen);
}

test('where sockets get through, the page by itself chooses to be live', async ({ admin, browseAs }) => {
	const page = await browseAs(await admin.me());
	// The choice may wait two seconds for a socket: with its clock stopped a slow machine has time.
	await page.clock.install({ time: new Date() });
	await page.clock.pauseAt(Date.now() + 60_000);
	await page.goto('/');
	await expectLive(page);
});

test('where sockets are blocked, the page polls and says so', async ({ admin, browseAs, database }) => {
	const place = await admin.create('workspace', 'Shop');
	const system = await admin.system('Checkout', place);
	const page = await browseAs(await admin.me());
	await page.routeWebSocket(socket, (ws) => ws.close());
	await page.goto('/');
	await expect(connection(page)).toHaveAttribute('data-status', 'polling');
	await expect(connection(page)).toContainText('Polling');
	await expect(row(page, 'Checkout')).toBeVisible();

	await database.psql(`update nodes set title = 'Checkout by psql' where id = '${system.id}'`);
	await expect(row(page, 'Checkout by psql')).toBeVisible();
	// Writing works as well.
	await row(page, 'Checkout by psql').getByRole('link').click();
	await page.getByRole('link', { name: 'Edit' }).click();
	await field(page, 'Title').fill('Checkout by hand');
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(page.getByRole('heading', { name: 'Checkout by hand' })).toBeVisible();
	await expect(connection(page)).toHaveAttribute('data-status', 'polling');
});

test('sockets that are blocked later: the page says so and never polls', async ({ admin, browseAs, database }) => {
	const place = await admin.create('workspace', 'Shop');
	const system = await admin.system('Checkout', place);
	const page = await browseAs(await admin.me());
	let blocked = false;
	let refused = 0;
	const cut: (() => Promise<void>)[] = [];
	await page.routeWebSocket(socket, async (ws) => {
		if (blocked) {
			refused++;
			await ws.close();
			return;
		}
		const server = ws.connectToServer();
		cut.push(async () => {
			await server.close();
			await ws.close();
		});
	});
	const polls: string[] = [];
	page.on('request', (request) => {
		if (request.url().includes('/live/rows')) polls.push(request.url());
	});
	await openLive(page, '/');
	await expect(row(page, 'Checkout')).toBeVisible();
	const seen = await watchStatus(page);

	blocked = true;
	for (const end of cut) await end();
	await expect(connection(page)).toHaveAttribute('data-status', 'reconnecting');
	await database.psql(`update nodes set title = 'Checkout by psql' where id = '${system.id}'`);
	await expect.poll(() => refused, { message: 'it tries again and again' }).toBeGreaterThan(3);
	expect(await seen()).toEqual(['reconnecting']);
	expect(polls).toEqual([]);
	await expect(row(page, 'Checkout')).toBeVisible();

	blocked = false;
	await expectLive(page);
	await expect(row(page, 'Checkout by psql')).toBeVisible();
	expect(polls).toEqual([]);
});
