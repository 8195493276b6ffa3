import { readFileSync } from 'node:fs';
import { test as base, expect, type Page } from '@playwright/test';
import { Api, signInByLink, type Node } from './api';
import { Database, Template } from './database';
import { lastingPort, Server } from './server';

interface Flow {
	database: Database;
	/** What the server is configured with besides, as in synops.toml. */
	configuration: string;
	/** On that database, started, and with nobody signed in yet. */
	server: Server;
	/** The first administrator, signed in without a page. */
	admin: Api;
	/** A browser of its own, in which nobody is signed in. */
	browse(): Promise<Page>;
	/** A browser of its own in which this person is signed in. */
	browseAs(person: Node): Promise<Page>;
}

export const test = base.extend<Flow, { template: Template }>({
	template: [
		async ({}, use) => {
			const template = await Template.make();
			await use(template);
			await template.drop();
		},
		{ scope: 'worker' }
	],

	database: async ({ template }, use) => {
		const database = await Database.make(template);
		await use(database);
		await database.drop();
	},

	configuration: ['', { option: true }],

	server: async ({ configuration, database }, use, info) => {
		const log = info.outputPath('server.log');
		const port = await lastingPort(info);
		await serve(new Server({ databaseUrl: database.serverUrl, port, log, configuration }), log, use);
	},

	admin: async ({ server }, use) => {
		const admin = await Api.of(server.url);
		await admin.signIn(server.signInUrl);
		await use(admin);
		await admin.close();
	},

	browse: async ({ browser, server }, use) => {
		const complaints: string[] = [];
		await use(async () => {
			const context = await browser.newContext({ baseURL: server.url });
			const page = await context.newPage();
			listenForComplaints(page, complaints);
			return page;
		});
		// Before the server ends, so that it ends with sockets open only where a flow is about that.
		for (const context of browser.contexts()) await context.close();
		expect(complaints, 'what broke on the pages').toEqual([]);
	},

	browseAs: async ({ admin, browse }, use) => {
		await use(async (person) => {
			const page = await browse();
			await signInByLink(page.context().request, await admin.signInLink(person));
			return page;
		});
	}
});

/** Runs a server around a flow: at the end it must stop clean, and have logged no error. */
export async function serve(server: Server, log: string, use: (server: Server) => Promise<void>): Promise<void> {
	try {
		await server.start();
		await use(server);
		expect(await server.stop(), 'the exit code of the server').toBe(0);
		expect(readFileSync(log, 'utf8').match(/^.*(ERROR|panicked).*$/gm) ?? [], 'errors in its log').toEqual([]);
	} finally {
		await server.remove();
	}
}

/** Scripts that broke, and what the browser refused to do. That an answer was not 2xx is the flows' affair. */
function listenForComplaints(page: Page, complaints: string[]): void {
	page.on('pageerror', (error) => complaints.push(`${error.name}: ${error.message}`));
	page.on('console', (message) => {
		const text = message.text();
		const ofNetwork = /^Failed to load resource|^WebSocket connection to/.test(text);
		// The recorder of traces puts a script into each frame, also where none may run (a page's preview).
		const ofRecorder = text.startsWith("Blocked script execution in 'about:srcdoc'");
		if (message.type() === 'error' && !ofNetwork && !ofRecorder) complaints.push(text);
	});
}

export { expect };
