import type { Locator, Page } from '@playwright/test';
import type { Api, Node } from '../support/api';
import { barriers } from '../support/axe';
import { expect, test } from '../support/flow';
import { field, heading, openLive } from '../support/page';

const column = (page: Page, title: string): Locator =>
	page.locator('[data-column]').filter({ has: page.getByRole('heading', { name: title, exact: true }) });
const cardsOf = (page: Page, title: string): Locator => column(page, title).locator('[data-part=face]');
const card = (page: Page, title: string): Locator => page.getByRole('main').getByRole('link', { name: title, exact: true });

/** What a page shows, column by column. */
async function shown(page: Page): Promise<string[]> {
	const columns = await page.locator('[data-column]').all();
	return Promise.all(
		columns.map(async (one) => `${await one.getByRole('heading').textContent()}: ${(await one.locator('[data-part=face]').allTextContents()).map((title) => title.trim()).join(', ')}`)
	);
}

async function makeBoard(admin: Api, place: Node, cards: Record<string, string[]>): Promise<Node> {
	const board = await admin.create('board', 'Move', { parent_id: place.id });
	for (const [title, titles] of Object.entries(cards)) {
		const [made] = await admin.intend({ type: 'create_column', board_id: board.id, title });
		const column_id = made?.node?.id ?? '';
		for (const one of titles) await admin.intend({ type: 'create_card', column_id, title: one });
	}
	return board;
}

/** Presses on a card, and lets go of it above the middle of another, or in an empty column. */
async function drag(page: Page, title: string, to: Locator): Promise<void> {
	await card(page, title).scrollIntoViewIfNeeded();
	const from = await card(page, title).boundingBox();
	const target = await to.boundingBox();
	if (!from || !target) throw new Error('it is not in sight');
	await page.mouse.move(from.x + 20, from.y + 8);
	await page.mouse.down();
	await page.mouse.move(from.x + 40, from.y + 20, { steps: 3 });
	await page.mouse.move(target.x + 30, target.y + 2, { steps: 6 });
	await page.mouse.up();
}

test('two work at one board, and both see the same', async ({ admin, browseAs }) => {
	const place = await admin.create('workspace', 'Shop');
	const me = await admin.me();
	const first = await browseAs(me);
	const second = await browseAs(me);

	await openLive(first, `/boards/new?in=${place.id}`);
	await field(first, 'Title').fill('Move to the new rack');
	await first.getByRole('button', { name: 'Create' }).click();
	await expect(heading(first, 'Move to the new rack')).toBeVisible();
	await expect(column(first, 'To do')).toBeVisible();
	await openLive(second, new URL(first.url()).pathname);

	await first.getByRole('button', { name: 'Add a column' }).click();
	await field(first, 'Title of the column').fill('Waiting');
	await first.keyboard.press('Enter');
	await expect(column(first, 'Waiting')).toBeVisible();
	await first.keyboard.press('Escape');
	await first.getByRole('button', { name: 'Add a card to To do' }).click();
	for (const title of ['Disks', 'Cables', 'Rails']) {
		await first.getByLabel('Title of the card in To do').fill(title);
		await first.keyboard.press('Enter');
	}
	await expect(cardsOf(second, 'To do')).toHaveText(['Disks', 'Cables', 'Rails']);
	await expect(column(second, 'Waiting')).toBeVisible();
	await expect(second.getByTestId('cards')).toHaveText('3 cards');

	await drag(first, 'Cables', column(first, 'Doing').locator('[data-scroll]'));
	await expect(cardsOf(first, 'Doing')).toHaveText(['Cables']);
	await expect(cardsOf(second, 'Doing')).toHaveText(['Cables']);
	await drag(second, 'Rails', card(second, 'Cables'));
	await expect(cardsOf(first, 'Doing')).toHaveText(['Rails', 'Cables']);

	await first.getByRole('button', { name: 'More for the column Waiting' }).click();
	await first.getByRole('menuitem', { name: 'Move left' }).click();
	await expect(second.locator('[data-column] h2')).toHaveText(['To do', 'Doing', 'Waiting', 'Done']);
	await first.getByRole('button', { name: 'More for the column Doing' }).click();
	await first.getByRole('menuitem', { name: 'Delete' }).click();
	await expect(first.getByRole('dialog')).toContainText('2 cards are in it');
	await first.keyboard.press('Escape');
	await first.getByRole('button', { name: 'More for the column Waiting' }).click();
	await first.getByRole('menuitem', { name: 'Delete' }).click();
	await first.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
	await expect(column(second, 'Waiting')).toBeHidden();
	expect(await barriers(first, 'all')).toEqual([]);
});

test('a card is carried by keyboard, and stays in hand while somebody else moves it', async ({ admin, browseAs }) => {
	const place = await admin.create('workspace', 'Shop');
	const board = await makeBoard(admin, place, { 'To do': ['Disks', 'Cables'], Doing: ['Rails'], Done: [] });
	const me = await admin.me();
	const page = await browseAs(me);
	const other = await browseAs(me);
	await openLive(page, `/boards/${board.id}`);
	await openLive(other, `/boards/${board.id}`);
	const told = page.getByTestId('told');

	await card(page, 'Cables').focus();
	await page.keyboard.press('Space');
	await expect(told).toContainText('Cables is picked up: To do, 2 of 2');
	await page.keyboard.press('ArrowRight');
	await expect(told).toHaveText('Doing, 2 of 2.');
	await expect(cardsOf(other, 'To do'), 'it is not there before it is dropped').toHaveText(['Disks', 'Cables']);

	await drag(other, 'Cables', column(other, 'Done').locator('[data-scroll]'));
	await expect(cardsOf(other, 'Done')).toHaveText(['Cables']);
	await expect(cardsOf(page, 'Doing'), 'it stays in hand').toHaveText(['Rails', 'Cables']);
	await page.keyboard.press('ArrowUp');
	await page.keyboard.press('Space');
	await expect(cardsOf(other, 'Doing'), 'the last who moves it decides').toHaveText(['Cables', 'Rails']);
	await expect(card(page, 'Cables')).toBeFocused();

	await page.keyboard.press('Space');
	await page.keyboard.press('ArrowLeft');
	await page.keyboard.press('Escape');
	await expect(told).toContainText('Cables is back: Doing, 1 of 2');
	await expect(cardsOf(page, 'Doing')).toHaveText(['Cables', 'Rails']);

	await page.getByRole('button', { name: 'More for Cables' }).click();
	await page.getByRole('menuitem', { name: 'Move to …' }).click();
	await page.getByLabel('Column', { exact: true }).selectOption('Done');
	await page.getByRole('button', { name: 'Move', exact: true }).click();
	await expect(cardsOf(other, 'Done')).toHaveText(['Cables']);
});

test('moves at the same time end in one order', async ({ admin, browseAs }) => {
	const place = await admin.create('workspace', 'Shop');
	const board = await makeBoard(admin, place, { 'To do': ['a', 'b', 'c', 'd', 'e'], Doing: [], Done: [] });
	const me = await admin.me();
	const first = await browseAs(me);
	const second = await browseAs(me);
	for (const page of [first, second]) await openLive(page, `/boards/${board.id}`);

	const carry = async (page: Page, title: string, ...keys: string[]) => {
		await card(page, title).focus();
		for (const key of ['Space', ...keys, 'Space']) await page.keyboard.press(key);
	};
	for (let round = 0; round < 4; round++) {
		const way = round % 2 === 0 ? 'ArrowRight' : 'ArrowLeft';
		await Promise.all([
			(async () => {
				await carry(first, 'a', way, 'ArrowDown');
				await carry(first, 'c', way);
				await carry(first, 'a', 'ArrowUp');
			})(),
			(async () => {
				await carry(second, 'b', way);
				await carry(second, 'a', way, way);
				await carry(second, 'e', 'ArrowUp', 'ArrowUp');
			})()
		]);
	}
	await expect.poll(async () => (await shown(first)).join('; ') === (await shown(second)).join('; ')).toBe(true);
	const settled = await shown(first);
	await first.reload();
	await expect(card(first, 'e')).toBeVisible();
	expect(await shown(first), 'as the server has it').toEqual(settled);
});

test('a card names a system, and a maintenance shows how far its run-sheet is', async ({ admin, browseAs }) => {
	const place = await admin.create('workspace', 'Shop');
	const system = await admin.system('Checkout', place);
	const at = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();
	const [planned] = await admin.intend({
		type: 'plan_maintenance',
		title: 'New disks',
		maintenance: { starts_at: at(60), ends_at: at(90), affects: [system.id] }
	});
	const page = await browseAs(await admin.me());
	await openLive(page, `/maintenances/${planned?.node?.id}`);
	await page.getByRole('button', { name: 'Make a run-sheet' }).click();
	await expect(heading(page, 'Run-sheet: New disks')).toBeVisible();

	await page.getByRole('button', { name: 'Add a card to Done' }).click();
	await page.getByLabel('Title of the card in Done').fill('Order them');
	await page.keyboard.press('Enter');
	await card(page, 'Order them').click();
	const dialog = page.getByRole('dialog', { name: 'Order them' });
	await dialog.getByRole('button', { name: 'Link' }).click();
	const chooser = page.getByRole('dialog', { name: 'Link to something' });
	await chooser.getByRole('searchbox').fill('Check');
	await chooser.getByRole('radio', { name: 'Checkout' }).check();
	await chooser.getByRole('button', { name: 'Link' }).click();
	await dialog.getByRole('button', { name: 'Save' }).click();
	await expect(dialog.getByTestId('card-body').getByRole('link', { name: 'Checkout' })).toBeVisible();
	await page.keyboard.press('Escape');
	await expect(dialog).toBeHidden();
	await expect(column(page, 'Done').getByRole('link', { name: 'Checkout' })).toBeVisible();

	await openLive(page, `/maintenances/${planned?.node?.id}`);
	const sheet = page.getByRole('region', { name: 'Run-sheet' });
	await expect(sheet).toContainText('1 of 1 done');
	await sheet.getByRole('link').click();
	await expect(heading(page, 'Run-sheet: New disks')).toBeVisible();
});

test('what two wrote into a note is put together, and nothing typed is lost', async ({ admin, browseAs }) => {
	const place = await admin.create('workspace', 'Shop');
	const lines = ['# Before', '', 'Ask Kari.', '', '# Do', '', '1. Stop', '2. Start', '', '# After', '', 'Tell the shop.'];
	const body = lines.join('\n');
	const note = await admin.create('note', 'How to fail over', { parent_id: place.id, body });
	const page = await browseAs(await admin.me());
	page.on('dialog', (dialog) => void dialog.accept());
	const text = page.getByRole('main').getByLabel('Text');

	await openLive(page, `/notes/${note.id}/edit`);
	await text.fill(body.replace('Kari', 'Ola').replace('1. Stop', '1. Stop all'));
	await page.reload();
	await expect(text, 'kept over a reload').toHaveValue(/Ask Ola/);
	await expect(page.getByRole('main')).toContainText('What you typed here before and did not save is back.');

	const theirs = body.replace('1. Stop', '1. Stop writes').replace('the shop', 'the shop and the bank');
	await admin.intend({ type: 'update_node', id: note.id, version: note.version, body: theirs });
	await expect(page.getByRole('main')).toContainText('Someone else changed this meanwhile');
	await page.getByRole('button', { name: 'Save' }).click();
	const merge = page.getByTestId('merge');
	await expect(merge).toContainText('1 place to choose.');
	await expect(merge.getByTestId('conflict')).toContainText(/1\. Stop.*1\. Stop all.*1\. Stop writes/s);
	await expect(merge.getByRole('button', { name: 'Save' })).toBeDisabled();
	expect(await barriers(page, 'all')).toEqual([]);
	await merge.getByRole('radio', { name: 'Both' }).check();
	await merge.getByRole('button', { name: 'Save' }).click();

	await expect(heading(page, 'How to fail over')).toBeVisible();
	const saved = await admin.get<Node>(`/api/v1/notes/${note.id}`);
	expect(saved.body).toBe(
		body.replace('Kari', 'Ola').replace('1. Stop', '1. Stop all\n1. Stop writes').replace('the shop', 'the shop and the bank')
	);

	await page.getByRole('link', { name: 'Versions' }).click();
	await page.getByRole('region', { name: 'Versions' }).getByRole('link').last().click();
	const diff = page.getByTestId('diff');
	await expect(diff).toContainText('Taken away: Ask Kari.');
	await expect(diff).toContainText('Added: Ask Ola.');
});
