import type { Page } from '@playwright/test';
import { expect, test } from '../support/flow';
import { expectLive, field, heading, open, openLive, said } from '../support/page';

/** Keeps back what the server tells of changes, as a slow network does; all else goes through. */
async function delayChanges(page: Page): Promise<void> {
	await page.routeWebSocket('**/api/v1/live', (ws) => {
		const server = ws.connectToServer();
		server.onMessage((message) => {
			if (!message.toString().startsWith('{"type":"changes"')) ws.send(message);
		});
	});
}

test('of two who edit the same, the second is told, keeps what was typed and may apply it', async ({
	admin,
	browseAs
}) => {
	const place = await admin.create('workspace', 'Shop');
	const system = await admin.system('Checkout', place);
	const me = await admin.me();
	const first = await browseAs(me);
	const second = await browseAs(me);
	await delayChanges(second);
	await openLive(first, `/systems/${system.id}/edit`);
	await openLive(second, `/systems/${system.id}/edit`);

	await field(first, 'Title').fill('Checkout of the first');
	await field(first, 'Description').fill('By the first.');
	await field(second, 'Title').fill('Checkout of the second');
	await first.getByRole('button', { name: 'Save' }).click();
	await expect(heading(first, 'Checkout of the first')).toBeVisible();

	// The second does not know yet: the server refuses.
	await second.getByRole('button', { name: 'Save' }).click();
	const conflict = second.getByTestId('conflict');
	await expect(conflict).toContainText('Someone else changed this meanwhile');
	const rows = conflict.getByRole('row');
	await expect(rows.nth(1)).toHaveText(/Title\s*Checkout of the first\s*Checkout of the second/);
	await expect(rows.nth(2)).toHaveText(/Description\s*By the first\.\s*–/);
	await expect(field(second, 'Title')).toHaveValue('Checkout of the second');
	await expect(second.getByRole('button', { name: 'Save' })).toBeDisabled();
	await expect(heading(first, 'Checkout of the first')).toBeVisible();

	await conflict.getByRole('button', { name: 'Keep mine, on the newer version' }).click();
	await expect(conflict).toBeHidden();
	await expect(field(second, 'Title')).toHaveValue('Checkout of the second');
	await expect(field(second, 'Description')).toHaveValue('By the first.');
	await second.getByRole('button', { name: 'Save' }).click();
	await expect(heading(first, 'Checkout of the second')).toBeVisible();
	await expect(said(first)).toContainText('By the first.');
});

test('a live page tells of the conflict before anybody saves', async ({ admin, browseAs, database }) => {
	const place = await admin.create('workspace', 'Shop');
	const system = await admin.system('Checkout', place);
	const page = await browseAs(await admin.me());
	await open(page, `/systems/${system.id}/edit`);
	await expectLive(page);
	await field(page, 'Title').fill('Mine');

	await database.psql(`update nodes set title = 'Theirs' where id = '${system.id}'`);
	const conflict = page.getByTestId('conflict');
	await expect(conflict.getByRole('row').nth(1)).toHaveText(/Title\s*Theirs\s*Mine/);
	await conflict.getByRole('button', { name: 'Take theirs' }).click();
	await expect(conflict).toBeHidden();
	await expect(field(page, 'Title')).toHaveValue('Theirs');
	await field(page, 'Title').fill('Theirs and mine');
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(heading(page, 'Theirs and mine')).toBeVisible();
});
