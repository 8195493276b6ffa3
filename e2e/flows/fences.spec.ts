import type { Page } from '@playwright/test';
import type { Node } from '../support/api';
import { expect, test } from '../support/flow';
import { field, heading, openLive, said } from '../support/page';

const corners = (page: Page) => page.getByTestId('shape').getByRole('row').filter({ hasText: 'Corner' });
const coordinate = (page: Page, label: string) => page.getByLabel(label, { exact: true });

/** Clicks on the map, in shares of its width and height. */
async function click(page: Page, across: number, down: number): Promise<void> {
	const box = await page.getByTestId('map').boundingBox();
	if (!box) throw new Error('there is no map');
	await page.mouse.click(box.x + box.width * across, box.y + box.height * down);
}

test('a fence is drawn on the map, taken back, changed by its coordinates and by another', async ({ admin, browseAs }) => {
	const place = await admin.create('workspace', 'Transport');
	const page = await browseAs(await admin.me());
	await openLive(page, '/fleet/fences');
	await expect(said(page)).toContainText('No geofence yet');
	await page.getByRole('main').getByRole('link', { name: 'New geofence' }).first().click();
	await field(page, 'Title').fill('Harbour');
	await expect(field(page, 'Place')).toHaveValue(place.id);
	await page.getByRole('button', { name: 'Create' }).click();
	await expect(page.getByTestId('shape').getByRole('alert')).toHaveText('An area needs at least three corners.');

	// The map is there when it shows its controls.
	await expect(page.getByRole('button', { name: 'Zoom in' })).toBeVisible();
	await click(page, 0.3, 0.3);
	await expect(corners(page)).toHaveCount(1);
	await click(page, 0.6, 0.3);
	await click(page, 0.6, 0.7);
	await click(page, 0.3, 0.7);
	await expect(corners(page)).toHaveCount(4);
	await page.getByRole('heading', { name: 'Area' }).click();
	await page.keyboard.press('Control+z');
	await expect(corners(page)).toHaveCount(3);
	await page.getByRole('button', { name: 'Redo' }).click();
	await expect(corners(page)).toHaveCount(4);

	const box = await page.getByTestId('map').boundingBox();
	if (!box) throw new Error('there is no map');
	const before = await coordinate(page, 'Corner 1: longitude').inputValue();
	await page.mouse.move(box.x + box.width * 0.3, box.y + box.height * 0.3);
	await page.mouse.down();
	await page.mouse.move(box.x + box.width * 0.2, box.y + box.height * 0.25, { steps: 8 });
	await page.mouse.up();
	await expect(coordinate(page, 'Corner 1: longitude')).not.toHaveValue(before);
	await expect(corners(page), 'a drag is no click').toHaveCount(4);
	await page.keyboard.press('Control+z');
	await expect(coordinate(page, 'Corner 1: longitude')).toHaveValue(before);

	for (const [corner, latitude, longitude] of [[1, 59.9, 10.7], [2, 59.9, 10.8], [3, 59.95, 10.8], [4, 59.95, 10.7]] as const) {
		await coordinate(page, `Corner ${corner}: latitude`).fill(String(latitude));
		await coordinate(page, `Corner ${corner}: longitude`).fill(String(longitude));
	}
	await page.getByRole('button', { name: 'Remove Corner 4' }).click();
	await field(page, 'Tell of a stay after').fill('600');
	await page.getByRole('button', { name: 'Create' }).click();
	await expect(heading(page, 'Harbour')).toBeVisible();
	await expect(said(page)).toContainText('Polygon with 3 corners');
	const id = new URL(page.url()).pathname.split('/').at(-1) ?? '';
	type Fence = Node & { geofence: { shape: unknown; dwell_s: number | null } };
	const fence = () => admin.get<Fence>(`/api/v1/geofences/${id}`);
	expect((await fence()).geofence).toEqual({ shape: { type: 'polygon', points: [[10.7, 59.9], [10.8, 59.9], [10.8, 59.95]] }, dwell_s: 600 });

	// Of two who change it, the second is told, in words.
	const second = await browseAs(await admin.me());
	await openLive(second, `/fleet/fences/${id}/edit`);
	await second.getByRole('button', { name: 'Remove Corner 3' }).click();
	await second.getByRole('button', { name: 'Add a corner' }).click();
	await page.getByRole('link', { name: 'Edit' }).click();
	await page.getByTestId('shape').getByRole('button', { name: 'Circle' }).click();
	await page.getByRole('button', { name: 'Centre' }).click();
	await coordinate(page, 'Centre: latitude').fill('59.91');
	await coordinate(page, 'Centre: longitude').fill('10.75');
	await page.getByLabel('Radius (m)').fill('1500');
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(said(page)).toContainText('Circle, 1.5 km around');
	await expect(second.getByTestId('conflict').getByRole('row').nth(1)).toHaveText(/Area\s*Circle, 1\.5 km around\s*Polygon with 3 corners/);
	await second.getByTestId('conflict').getByRole('button', { name: /^Discard mine|^Take theirs/ }).click();
	await expect(coordinate(second, 'Centre: latitude')).toHaveValue('59.91');

	await page.getByRole('button', { name: 'Delete' }).click();
	await page.getByRole('dialog', { name: 'Delete Harbour?' }).getByRole('button', { name: 'Delete' }).click();
	await expect(heading(page, 'Geofences')).toBeVisible();
	await expect(said(page)).toContainText('No geofence yet');
});
