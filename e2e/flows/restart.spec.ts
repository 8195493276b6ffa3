import { expect, test } from '../support/flow';
import { connection, countLoads, expectLive, field, heading, openLive, row } from '../support/page';

test('after a kill -9 pages reconnect by themselves, keep what is typed and show what was missed', async ({
	admin,
	browseAs,
	database,
	server
}) => {
	const place = await admin.create('workspace', 'Shop');
	const edited = await admin.system('Checkout', place);
	const other = await admin.system('Basket', place);
	const me = await admin.me();
	const form = await browseAs(me);
	const overview = await browseAs(me);
	await openLive(form, `/systems/${edited.id}/edit`);
	await openLive(overview, '/');
	await expect(row(overview, 'Basket')).toBeVisible();
	const loads = [form, overview].map(countLoads);
	await field(form, 'Title').fill('Typed before the fall');

	await server.kill();
	for (const page of [form, overview]) {
		await expect(connection(page)).toHaveAttribute('data-status', 'reconnecting');
		await expect(connection(page)).toContainText(/Reconnecting.*data .+ old/s);
	}
	await field(form, 'Description').fill('Typed while it was away.');
	await form.getByRole('button', { name: 'Save' }).click();
	await expect(form.getByRole('alert')).toContainText('What you typed is kept here');
	await database.psql(`update nodes set title = 'Basket, written meanwhile' where id = '${other.id}'`);
	await expect(row(overview, 'Basket'), 'nothing can come in').toBeVisible();

	await server.start();
	for (const page of [form, overview]) await expectLive(page);
	await expect(row(overview, 'Basket, written meanwhile')).toBeVisible();
	await expect(field(form, 'Title')).toHaveValue('Typed before the fall');
	await expect(field(form, 'Description')).toHaveValue('Typed while it was away.');

	await form.getByRole('button', { name: 'Save' }).click();
	await expect(heading(form, 'Typed before the fall')).toBeVisible();
	await expect(row(overview, 'Typed before the fall')).toBeVisible();
	expect(loads.map((count) => count())).toEqual([0, 0]);
});
