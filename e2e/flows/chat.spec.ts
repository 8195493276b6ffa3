import type { Locator, Page } from '@playwright/test';
import type { Api, Node } from '../support/api';
import { expect, test } from '../support/flow';
import { connection, countLoads, expectLive, openLive, said } from '../support/page';

const log = (page: Page): Locator => page.getByRole('log').first();
const composer = (page: Page): Locator => page.getByRole('textbox', { name: /^(Write to|Reply)/ });
const message = (page: Page, text: string): Locator => page.getByRole('article').filter({ hasText: text });

async function say(page: Page, text: string): Promise<void> {
	await composer(page).first().fill(text);
	await composer(page).first().press('Enter');
}

/** What the page shows of the channel, in its order: those that the server has. */
async function shown(page: Page): Promise<string[]> {
	return log(page).locator('article[data-number]').evaluateAll((all) =>
		all.map((one) => `${one.getAttribute('data-number')} ${one.querySelector('p:not(:has(time))')?.textContent?.trim() ?? ''}`)
	);
}

/** The same as the database has it. */
async function kept(admin: Api, channel: Node): Promise<string[]> {
	const page = await admin.get<{ items: Node[] }>(`/api/v1/channels/${channel.id}/messages?limit=200`);
	return page.items.map((node) => `${node.message?.number} ${node.body}`);
}

async function choose(page: Page, text: string, act: string): Promise<void> {
	await message(page, text).hover();
	await message(page, text).getByRole('button', { name: 'More' }).click();
	await page.getByRole('menuitem', { name: act }).click();
}

interface Stage {
	channel: Node;
	mine: Page;
	karis: Page;
	kari: Node;
	place: Node;
}

async function stage(admin: Api, browseAs: (person: Node) => Promise<Page>): Promise<Stage> {
	const place = await admin.create('workspace', 'Shop');
	const kari = await admin.person('kari', 'Kari Nordmann');
	const team = await admin.create('team', 'On call');
	await admin.link('member_of', team, place);
	await admin.link('member_of', kari, team);
	const channel = await admin.post<Node>('/api/v1/channels', { parent_id: place.id, title: 'Talk' });
	const mine = await browseAs(await admin.me());
	const karis = await browseAs(kari);
	return { channel, mine, karis, kari, place };
}

test('two who talk see the same at once: sent, edited, reacted to, answered, deleted, unread', async ({ admin, browseAs }) => {
	const { channel, mine, karis } = await stage(admin, browseAs);
	await openLive(mine, `/channels/${channel.id}`);
	await openLive(karis, '/');
	const unread = karis.getByRole('navigation', { name: 'Main' }).filter({ visible: true }).getByRole('link', { name: /Channels/ });
	await say(mine, 'Has anybody seen the **spare** key?');
	await expect(message(mine, 'spare key').locator('strong')).toHaveText('spare');
	await expect(unread).toContainText('1');
	await unread.click();
	await karis.getByRole('link', { name: /Talk/ }).first().click();
	await expect(message(karis, 'spare key')).toBeVisible();
	await expect(unread, 'what is seen is read').not.toContainText('1');
	const loads = [mine, karis].map(countLoads);

	await composer(karis).first().pressSequentially('In the blue');
	await expect(said(mine)).toContainText('Kari Nordmann is typing');
	await composer(karis).first().press('Control+a');
	await say(karis, 'In the blue box');
	await expect(message(mine, 'In the blue box')).toBeVisible();
	await expect(said(mine)).not.toContainText('is typing');

	await choose(karis, 'In the blue box', 'Edit');
	await say(karis, 'In the red box');
	await expect(message(mine, 'In the red box')).toContainText('edited');
	await expect(message(mine, 'In the blue box')).toHaveCount(0);

	await message(mine, 'In the red box').hover();
	await message(mine, 'In the red box').getByRole('button', { name: 'React with thumbs up' }).click();
	const thumb = message(karis, 'In the red box').getByRole('button', { name: /^👍 1/ });
	await expect(thumb).toBeVisible();
	await thumb.click();
	await expect(message(mine, 'In the red box').getByRole('button', { name: /^👍 2/ })).toBeVisible();

	await choose(mine, 'spare key', 'Reply in a thread');
	await composer(mine).last().fill('Thank you!');
	await composer(mine).last().press('Enter');
	await expect(message(karis, 'spare key').getByRole('button', { name: /1 reply/ })).toBeVisible();
	await message(karis, 'spare key').getByRole('button', { name: /1 reply/ }).click();
	await expect(message(karis, 'Thank you!')).toBeVisible();

	await choose(karis, 'In the red box', 'Delete');
	await karis.getByRole('alertdialog').or(karis.getByRole('dialog')).getByRole('button', { name: 'Delete' }).click();
	await expect(said(mine)).toContainText('This message was deleted.');
	await expect(message(mine, 'In the red box')).toHaveCount(0);
	expect(loads.map((count) => count())).toEqual([0, 0]);
});

test('what is said while the server is away is said once, in order, when it is back', async ({ admin, browseAs, server }) => {
	const { channel, mine, karis } = await stage(admin, browseAs);
	for (const page of [mine, karis]) await openLive(page, `/channels/${channel.id}`);
	await say(mine, 'before');
	await expect(message(karis, 'before')).toBeVisible();
	const loads = [mine, karis].map(countLoads);

	await server.kill();
	for (const page of [mine, karis]) await expect(connection(page)).toHaveAttribute('data-status', 'reconnecting');
	for (const n of [1, 2, 3]) await say(mine, `mine ${n}`);
	for (const n of [1, 2]) await say(karis, `hers ${n}`);
	await expect(log(mine).locator('[data-waiting]')).toHaveCount(3);
	await expect(log(mine)).toContainText('Waits to be sent');
	await server.start();
	for (const page of [mine, karis]) {
		await expectLive(page);
		await expect(page.locator('[data-waiting]')).toHaveCount(0);
		await expect(log(page).locator('article[data-number]')).toHaveCount(6);
	}
	const all = await kept(admin, channel);
	expect(await shown(mine)).toEqual(all);
	expect(await shown(karis)).toEqual(all);
	const own = (who: string) => all.map((one) => one.replace(/^\d+ /, '')).filter((body) => body.startsWith(who));
	expect(own('mine')).toEqual(['mine 1', 'mine 2', 'mine 3']);
	expect(own('hers')).toEqual(['hers 1', 'hers 2']);
	expect(loads.map((count) => count())).toEqual([0, 0]);
});

test('who leaves the team loses the channel while it is open, and hears nothing after that', async ({ admin, browseAs }) => {
	const { channel, mine, karis, kari } = await stage(admin, browseAs);
	const heard: string[] = [];
	karis.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => heard.push(String(payload))));
	for (const page of [mine, karis]) await openLive(page, `/channels/${channel.id}`);
	await say(mine, 'before');
	await expect(message(karis, 'before')).toBeVisible();
	const { items } = await admin.get<{ items: { id: string; version: number; kind: string; source_id: string }[] }>(`/api/v1/nodes/${kari.id}/edges`);
	const place = items.find(({ kind, source_id }) => kind === 'member_of' && source_id === kari.id);
	if (!place) throw new Error('she is in no team');
	await admin.intend({ type: 'delete_edge', id: place.id, version: place.version });
	await expect(said(karis)).toContainText('Nothing here');
	await expect(message(karis, 'before')).toHaveCount(0);
	await say(mine, 'after that');
	await expect(message(mine, 'after that')).toBeVisible();
	// What comes on her socket behind it.
	const open = await admin.create('workspace', 'Open', { scope: { visibility: 'signed_in' } });
	await expect(karis.getByRole('navigation', { name: 'Main' }).filter({ visible: true })).toContainText(open.title);
	expect(heard.filter((frame) => frame.includes('after that'))).toEqual([]);
});

test('hostile words and names stay words', async ({ admin, browseAs }) => {
	const { channel, mine, karis } = await stage(admin, browseAs);
	for (const page of [mine, karis]) await openLive(page, `/channels/${channel.id}`);
	const hostile = [
		'<img src=x onerror="document.title=\'hacked\'"> one',
		'[two](javascript:document.title=1) and [three](data:text/html,<script>1</script>)',
		'`<script>document.title="hacked"</script>` four',
		'![five](https://example.org/track.png) [six](node:not-an-id) [<b>seven</b>](node:00000000-0000-7000-8000-000000000001)'
	];
	for (const text of hostile) await say(mine, text);
	for (const page of [mine, karis]) {
		await expect(log(page).locator('article[data-number]')).toHaveCount(hostile.length);
		await expect(log(page).locator('img, script, b, iframe')).toHaveCount(0);
		await expect(log(page).locator('a[href^="javascript"], a[href^="data"]')).toHaveCount(0);
		await expect(log(page)).toContainText('<img src=x onerror=');
		await expect(page).not.toHaveTitle(/hacked/);
	}
});

test('a long history is scrolled through without a gap, and no more of it is there than one needs', async ({ admin, browseAs, database }) => {
	const { channel, mine: page } = await stage(admin, browseAs);
	const length = 3_000;
	const id = `md5('${channel.id} '||n)::uuid`;
	const all = `from generate_series(1, ${length}) n`;
	await database.psql(
		`begin;
		 insert into nodes (id, kind, title, body) select ${id}, 'message', 'Word', 'Word '||n||repeat(' and more', n % 40) ${all};
		 insert into edges (id, kind, source_id, target_id) select gen_random_uuid(), 'part_of', ${id}, '${channel.id}' ${all};
		 insert into messages (node_id, channel_id, thread_id, number, author_title) select ${id}, '${channel.id}', '${channel.id}', n, 'Somebody' ${all};
		 update channels set last_number = ${length}, last_at = clock_timestamp() where node_id = '${channel.id}';
		 commit`
	);
	await openLive(page, `/channels/${channel.id}`);
	await expect(message(page, `Word ${length}`)).toBeVisible();

	// Each frame's first and last message in view, and how many rows there are.
	const view = page.getByTestId('messages');
	await view.evaluate((list) => {
		const seen: number[][] = [];
		Object.assign(window, { seen });
		const look = () => {
			const { top, bottom } = list.getBoundingClientRect();
			const rows = [...list.querySelectorAll<HTMLElement>('[data-number]')];
			const inView = rows.filter((row) => row.getBoundingClientRect().bottom > top && row.getBoundingClientRect().top < bottom);
			seen.push([Number(inView[0]?.dataset.number), Number(inView.at(-1)?.dataset.number), rows.length]);
			requestAnimationFrame(look);
		};
		look();
	});
	await view.hover();
	const lowest = () => page.evaluate(() => (window as unknown as { seen: number[][] }).seen.at(-1)?.[0] ?? Infinity);
	while ((await lowest()) > length - 1_000) await page.mouse.wheel(0, -300);
	const frames = await page.evaluate(() => (window as unknown as { seen: number[][] }).seen);
	for (const [index, [first = 0, last = 0, rows = 0]] of frames.entries()) {
		expect(rows).toBeLessThanOrEqual(600);
		const before = frames[index - 1] ?? [first];
		expect(last, 'each view begins where the last one ended, or above').toBeGreaterThanOrEqual((before[0] ?? 0) - 1);
	}
	await page.getByRole('button', { name: 'To the newest' }).click();
	await expect(message(page, `Word ${length}`)).toBeVisible();
});
