import { randomBytes } from 'node:crypto';
import { barriers } from '../support/axe';
import { expect, test as base } from '../support/flow';
import { field, heading, openLive, said } from '../support/page';
import { Receiver } from '../support/receiver';

const test = base.extend<{ receiver: Receiver }>({
	receiver: async ({}, use) => {
		const receiver = await Receiver.start();
		await use(receiver);
		await receiver.stop();
	}
});
// Without a key no secret is kept, and so no connection.
test.use({ configuration: `[secrets]\nkey = "${randomBytes(32).toString('base64')}"\n` });

test('a connection is made, tested and changed, and its secret is never shown', async ({ admin, browseAs, receiver }) => {
	const me = await admin.me();
	const page = await browseAs(me);
	const other = await browseAs(me);
	await openLive(other, '/connections');
	await expect(said(other)).toContainText('Nothing leaves Synops yet');
	await openLive(page, '/connections/new');
	await field(page, 'Kind').selectOption('Slack or Mattermost');
	await field(page, 'Title').fill('Operations room');
	await field(page, 'Address of the webhook').fill(receiver.url);
	await page.getByRole('button', { name: 'Create' }).click();
	await expect(heading(page, 'Operations room')).toBeVisible();
	await expect(other.getByRole('link', { name: 'Operations room' })).toBeVisible();

	await page.getByRole('button', { name: 'Send a test message' }).click();
	const result = page.getByTestId('test-result');
	await expect(result).toContainText('It was taken');
	expect(receiver.got).toHaveLength(1);
	await expect(other.getByText('worked')).toBeVisible();
	receiver.status = 404;
	await page.getByRole('button', { name: 'Send a test message' }).click();
	await expect(result).toContainText('It did not get there.');
	await expect(result).toContainText('no such room');
	await expect(other.getByText('failed')).toBeVisible();

	await page.getByRole('link', { name: 'Edit' }).click();
	await expect(page.getByTestId('kept-url')).toContainText('One is kept.');
	await field(page, 'Title').fill('The room');
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(heading(page, 'The room')).toBeVisible();
	receiver.status = 200;
	await page.getByRole('button', { name: 'Send a test message' }).click();
	await expect(result, 'it was kept').toContainText('It was taken');
	for (const one of [page, other]) expect(await one.content()).not.toContain('very-secret-path');
});

test('what could not be delivered says why, and is tried again', async ({ admin, browseAs, receiver }) => {
	const place = await admin.create('workspace', 'Shop');
	const system = await admin.system('Checkout', place);
	const [made] = await admin.intend({
		type: 'create_connection',
		parent_id: place.id,
		title: 'Tickets',
		channel: 'webhook',
		connection: { url: receiver.url, signing_secret: 'abc' }
	});
	await admin.post('/api/v1/subscriptions', { connection_id: made?.node?.id, target_id: place.id });
	receiver.status = 404;
	await admin.intend({ type: 'open_incident', title: 'Slow payments', incident: { affects: [system.id] } });

	const page = await browseAs(await admin.me());
	await openLive(page, '/deliveries');
	const row = page.getByRole('listitem').filter({ hasText: 'Slow payments' });
	await expect(row.getByTestId('delivery-state')).toHaveText('Given up');
	await row.getByRole('button', { name: /^Details/ }).click();
	const dialog = page.getByRole('dialog');
	await expect(dialog.getByTestId('attempts')).toContainText('no such room');
	await expect(page, 'it has an address').toHaveURL(/delivery=/);
	expect(await barriers(page, 'all')).toEqual([]);
	receiver.status = 200;
	await dialog.getByRole('button', { name: 'Try again' }).click();
	await expect(dialog.getByTestId('delivery-state')).toHaveText('Sent');
	await expect(dialog.getByTestId('attempts').getByRole('listitem').first()).toContainText('thanks');
	await dialog.getByRole('button', { name: 'Close' }).last().click();
	await expect(dialog).toBeHidden();
	await expect(row.getByTestId('delivery-state')).toHaveText('Sent');
	await page.getByLabel('State').selectOption('Given up');
	await expect(said(page)).toContainText('No delivery fits this choice.');
});

test('a connection has words of its own, with what is wrong told at its line, and theirs never lost', async ({
	admin,
	browseAs,
	receiver
}) => {
	const [made] = await admin.intend({
		type: 'create_connection',
		parent_id: (await admin.create('workspace', 'Shop')).id,
		title: 'Tickets',
		channel: 'slack',
		connection: { url: receiver.url }
	});
	const path = `/connections/${made?.node?.id}?tab=templates`;
	const me = await admin.me();
	const page = await browseAs(me);
	const other = await browseAs(me);
	await openLive(page, path);
	await openLive(other, path);
	const preview = page.getByTestId('preview');
	await expect(preview).toContainText('Down: New disks for the database');

	await page.getByRole('button', { name: 'Write own words' }).click();
	await field(page, 'Text').fill('Look:\n{% if');
	await expect(page.getByTestId('wrong-line')).toHaveText('line 2 {% if');
	await expect(preview).toContainText('As it was before the error.');
	await field(page, 'Text').fill('Look at {{ title|upper }}');
	await expect(preview).toContainText('Look at NEW DISKS FOR THE DATABASE');
	await expect(page.getByTestId('wrong-line')).toHaveCount(0);

	// The other saves another message first: both are kept.
	await field(other, 'Message').selectOption('Up again');
	await other.getByRole('button', { name: 'Write own words' }).click();
	await other.getByRole('button', { name: 'Save' }).click();
	await expect(other.getByText('The words are saved.')).toBeVisible();
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(page.getByText('The words are saved.')).toBeVisible();

	// Now both change the same.
	await field(other, 'Message').selectOption('Down');
	await expect(field(other, 'Text'), 'not read anew yet').toHaveCount(0);
	await other.getByRole('button', { name: 'Write own words' }).click();
	await field(other, 'Text').fill('Mine');
	await other.getByRole('button', { name: 'Save' }).click();
	await expect(other.getByRole('alert')).toContainText('Somebody else changed these meanwhile: Down.');
	await expect(field(other, 'Text')).toHaveValue('Mine');
	await other.getByRole('button', { name: 'Save' }).click();
	await expect(other.getByRole('alert')).toHaveCount(0);

	await openLive(page, path);
	await expect(field(page, 'Text')).toHaveValue('Mine');
	await page.getByRole('button', { name: 'Back to the built-in words' }).click();
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(preview).toContainText('Down: New disks for the database');
});
