import { defineConfig } from '@playwright/test';
import { locate } from './support/program';

// A test of speed is a benchmark: these bounds only end what hangs.
const flow_limit_ms = 300_000;
const expect_limit_ms = 30_000;

export default defineConfig({
	testDir: 'flows',
	timeout: flow_limit_ms,
	expect: { timeout: expect_limit_ms },
	forbidOnly: true,
	// A flow that passes the second time has failed.
	retries: 0,
	// Each flow has a server and a database of its own.
	fullyParallel: true,
	workers: 2,
	globalSetup: './support/setup.ts',
	reporter: [['list']],
	use: {
		browserName: 'chromium',
		viewport: { width: 1280, height: 900 },
		locale: 'en-GB',
		actionTimeout: expect_limit_ms,
		navigationTimeout: expect_limit_ms,
		trace: 'retain-on-failure',
		launchOptions: {
			executablePath: locate(process.env.E2E_CHROMIUM ?? 'chromium'),
			args: [
				'--no-sandbox',
				'--disable-gpu',
				'--disable-quic',
				'--no-first-run',
				'--disable-background-networking',
				'--disable-component-update',
				'--disable-sync'
			]
		}
	}
});
