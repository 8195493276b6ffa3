import type { Page } from '@playwright/test';
import { barriers } from '../support/axe';
import { expect, test } from '../support/flow';
import { countLoads, heading, openLive } from '../support/page';

const palette = (page: Page) => page.getByRole('dialog', { name: 'Search and commands' });
const field = (page: Page) => palette(page).getByRole('combobox');
const option = (page: Page, name: string | RegExp) => palette(page).getByRole('option', { name });
/** The line that Enter takes. */
const active = (page: Page) => palette(page).locator('[role=option][aria-selected=true]');

test('the palette finds, does and goes, all by keyboard', async ({ admin, browseAs }) => {
	const place = await admin.create('workspace', 'Shop');
	const till = await admin.create('system', 'Café till', { parent_id: place.id, body: 'Stands beside the espresso machine.' });
	await admin.system('Door', place);
	const page = await browseAs(await admin.me());
	await openLive(page, `/systems/${till.id}`);
	await expect(heading(page, 'Café till')).toBeVisible();
	await page.getByRole('link', { name: 'Overview' }).click();
	const loads = countLoads(page);

	// What is typed at once after the key is not lost.
	await page.keyboard.press('/');
	await page.keyboard.type('espr');
	await expect(field(page)).toHaveValue('espr');
	await expect(option(page, /Café till/)).toContainText('espresso');
	await expect(active(page)).toContainText('Café till');
	expect(await barriers(page, 'all')).toEqual([]);
	await page.keyboard.press('Enter');
	await expect(heading(page, 'Café till')).toBeVisible();
	await expect(palette(page)).toBeHidden();

	// An act with a thing: the words in any order, without the accent.
	await page.keyboard.press('Control+k');
	await page.keyboard.type('cafe plan');
	await expect(active(page)).toContainText('Plan maintenance for Café till');
	await page.keyboard.press('Enter');
	await expect(page).toHaveURL(`/maintenances/new?affects=${till.id}`);

	// Up and down go around; Escape gives the focus back to where it was.
	await page.goBack();
	const edit = page.getByRole('link', { name: 'Edit' });
	await edit.focus();
	await page.keyboard.press('Control+k');
	await expect(field(page)).toBeFocused();
	const first = await active(page).textContent();
	await page.keyboard.press('ArrowUp');
	await expect(active(page)).not.toHaveText(first ?? '');
	await page.keyboard.press('ArrowDown');
	await expect(active(page)).toHaveText(first ?? '');
	await page.keyboard.press('Escape');
	await expect(palette(page)).toBeHidden();
	await expect(edit).toBeFocused();

	await page.keyboard.press('Control+k');
	await page.keyboard.type('dark theme');
	await expect(active(page)).toContainText('Dark theme');
	await page.keyboard.press('Enter');
	await expect(page.locator('html')).toHaveClass(/dark/);
	await page.keyboard.press('Control+k');
	await page.keyboard.type('nonsense');
	await expect(palette(page).getByRole('status')).toContainText('Nothing found');
	expect(await barriers(page, 'all')).toEqual([]);
	expect(loads()).toBe(0);
});

test('the palette shows nobody what they may not see, and fits on a phone', async ({ admin, browse, browseAs }) => {
	const open = await admin.create('workspace', 'Shop', { scope: { visibility: 'public' } });
	const closed = await admin.create('workspace', 'Vault');
	await admin.system('Till door', open);
	const hidden = await admin.system('Safe door', closed);
	const kari = await admin.person('kari', 'Kari Nordmann');
	const grant = await admin.link('reader', kari, closed);
	const reader = await browseAs(kari);
	await openLive(reader, `/systems/${hidden.id}`);
	await expect(heading(reader, 'Safe door')).toBeVisible();
	await admin.intend({ type: 'delete_edge', id: grant.id, version: grant.version });
	await openLive(reader, '/');
	await reader.keyboard.press('Control+k');
	await expect(option(reader, /Overview/)).toBeVisible();
	await expect(option(reader, /Safe door/), 'not among what was opened either').toHaveCount(0);
	await reader.keyboard.type('door');
	await expect(option(reader, /Till door/)).toHaveCount(1);
	await expect(option(reader, /Safe door/)).toHaveCount(0);

	const phone = await browse();
	await phone.setViewportSize({ width: 390, height: 844 });
	await openLive(phone, '/');
	await phone.getByRole('button', { name: 'Search or do' }).filter({ visible: true }).click();
	await field(phone).fill('till');
	await expect(option(phone, /maintenance/), 'whoever may change nothing is offered nothing').toHaveCount(0);
	await option(phone, /Till door/).click();
	await expect(heading(phone, 'Till door')).toBeVisible();
});
