import { expect, test } from '../support/flow';
import { countLoads, field, heading, openLive, row, said } from '../support/page';

test('an edit in one browser shows in the others without a reload', async ({ admin, browseAs }) => {
	const place = await admin.create('workspace', 'Shop');
	const system = await admin.system('Checkout', place);
	const kari = await admin.person('kari', 'Kari Nordmann');
	await admin.link('reader', kari, place);

	const editor = await browseAs(await admin.me());
	const overview = await browseAs(kari);
	const detail = await browseAs(kari);
	await openLive(overview, '/');
	await openLive(detail, `/systems/${system.id}`);
	await openLive(editor, `/systems/${system.id}`);
	await expect(row(overview, 'Checkout')).toBeVisible();
	const loads = [editor, overview, detail].map(countLoads);

	await editor.getByRole('link', { name: 'Edit' }).click();
	await field(editor, 'Title').fill('Checkout and payment');
	await field(editor, 'Description').fill('Ask the payment team.');
	await editor.getByRole('button', { name: 'Save' }).click();
	await expect(heading(editor, 'Checkout and payment')).toBeVisible();

	await expect(row(overview, 'Checkout and payment')).toBeVisible();
	await expect(row(overview, 'Checkout')).toHaveCount(0);
	await expect(heading(detail, 'Checkout and payment')).toBeVisible();
	await expect(said(detail)).toContainText('Ask the payment team.');
	expect(loads.map((count) => count())).toEqual([0, 0, 0]);
});

test('what is typed into psql shows on every open page', async ({ admin, browseAs, database }) => {
	const place = await admin.create('workspace', 'Shop');
	const system = await admin.system('Checkout', place);
	const doomed = await admin.system('Basket', place);
	const me = await admin.me();
	const pages = [await browseAs(me), await browseAs(me)] as const;
	await openLive(pages[0], '/');
	await openLive(pages[1], `/workspaces/${place.id}`);
	const loads = pages.map(countLoads);
	const rows = (title: string) => [row(pages[0], title), row(pages[1], title, 'Content')];
	for (const basket of rows('Basket')) await expect(basket).toBeVisible();

	await database.psql(`update nodes set title = 'Checkout by psql' where id = '${system.id}'`);
	for (const renamed of rows('Checkout by psql')) await expect(renamed).toBeVisible();
	await database.psql(`delete from nodes where id = '${doomed.id}'`);
	for (const gone of rows('Basket')) await expect(gone).toHaveCount(0);

	const added = crypto.randomUUID();
	await database.psql(
		`begin`,
		`insert into nodes (id, kind, title) values ('${added}', 'system', 'Made by psql')`,
		`insert into systems (node_id) values ('${added}')`,
		`insert into edges (id, kind, source_id, target_id) values (gen_random_uuid(), 'part_of', '${added}', '${place.id}')`,
		`commit`
	);
	for (const made of rows('Made by psql')) await expect(made).toBeVisible();
	expect(loads.map((count) => count())).toEqual([0, 0]);
});
