import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestInfo } from '@playwright/test';
import { PATH, synops } from './program';

const start_limit_ms = 90_000;
const stop_limit_ms = 30_000;
/** A maintenance waits for what runs before the server ends. */
const end_limit_ms = 120_000;

export interface ServerOptions {
	/** Without: a private PostgreSQL in the data directory. */
	databaseUrl?: string;
	demo?: boolean;
	port?: number;
	/** Where what it says goes. */
	log: string;
	/** What it is configured with besides, as in synops.toml. */
	configuration?: string;
}

/** A `synops serve` of its own, in a directory of its own. */
export class Server {
	/** Such as `http://127.0.0.1:40123`. */
	url = '';
	/** Signs the administrator in, once; said by the first start. */
	signInUrl = '';
	/** How it ended by itself, as its supervisor saw. */
	readonly exits: (number | null)[] = [];
	private child: ChildProcess | null = null;
	private supervised = false;
	private restart: Promise<void> = Promise.resolve();
	private readonly directory: string;

	constructor(private readonly options: ServerOptions) {
		this.directory = mkdtempSync(join(tmpdir(), 'synops-e2e-'));
		// As root PostgreSQL runs as another user, who must get to it.
		chmodSync(this.directory, 0o755);
		if (options.configuration) writeFileSync(this.configuration, options.configuration);
	}

	private get configuration(): string {
		return join(this.directory, 'synops.toml');
	}

	/** Where it listens to devices: it takes any port, and its log says which. Null: it has not said so yet. */
	get devicePort(): number | null {
		const said = /devices are listened to.* address=\S+:(\d+)/.exec(readFileSync(this.options.log, 'utf8'));
		return said ? Number(said[1]) : null;
	}

	/** From now on it is started again whenever it ends by itself, as by systemd; but for 78. */
	supervise(): void {
		this.supervised = true;
	}

	/** Waits until it ends by itself, as for a maintenance of it; answers its exit code. */
	async ended(): Promise<number | null> {
		const child = this.child;
		if (!child) throw new Error('it does not run');
		if (child.exitCode === null && child.signalCode === null) {
			await once(child, 'exit', { signal: AbortSignal.timeout(end_limit_ms) });
		}
		this.child = null;
		return child.exitCode;
	}

	/** Resolves when it takes requests. */
	async start(): Promise<void> {
		const child = spawn(synops, this.options.demo ? ['serve', '--demo'] : ['serve'], {
			// Where there is no synops.toml.
			cwd: '/',
			env: {
				PATH,
				SYNOPS_LISTEN: `127.0.0.1:${this.options.port ?? 0}`,
				SYNOPS_TELEMETRY_LISTEN: '127.0.0.1:0',
				SYNOPS_DATA_DIR: this.directory,
				...(this.options.configuration ? { SYNOPS_CONFIG: this.configuration } : {}),
				...(this.options.databaseUrl ? { DATABASE_URL: this.options.databaseUrl } : {})
			},
			stdio: ['ignore', 'pipe', 'pipe']
		});
		this.child = child;
		child.once('exit', (code) => {
			if (this.child !== child || !this.supervised) return;
			this.exits.push(code);
			if (code !== 78) this.restart = this.start();
		});
		child.stderr.pipe(createWriteStream(this.options.log, { flags: 'a' }));
		const lines = createInterface({ input: child.stdout });
		const first = once(lines, 'line', { signal: AbortSignal.timeout(start_limit_ms) });
		const [line] = (await Promise.race([first, once(child, 'exit')])) as [string | number | null];
		const said = typeof line === 'string' ? line : `it ended with ${line}`;
		const [url, signInUrl] = said.match(/https?:\/\/\S+/g) ?? [];
		if (!url) throw new Error(`the server did not start: ${said}; see ${this.options.log}`);
		this.url = url;
		this.signInUrl ||= signInUrl ?? '';
	}

	/** As the kernel does when memory runs out: nothing is said goodbye to. */
	async kill(): Promise<void> {
		await this.end('SIGKILL');
	}

	/** SIGTERM; answers its exit code, 0 when it ended well. */
	async stop(): Promise<number | null> {
		return this.end('SIGTERM');
	}

	/** Ends it, if need be the hard way, and removes its directory. */
	async remove(): Promise<void> {
		await this.end('SIGKILL');
		rmSync(this.directory, { recursive: true, force: true });
	}

	private async end(signal: NodeJS.Signals): Promise<number | null> {
		this.supervised = false;
		await this.restart;
		const child = this.child;
		this.child = null;
		if (!child) return null;
		if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
		const ended = once(child, 'exit', { signal: AbortSignal.timeout(stop_limit_ms) });
		child.kill(signal);
		try {
			const [code] = (await ended) as [number | null];
			return code;
		} catch (cause) {
			child.kill('SIGKILL');
			throw cause;
		}
	}
}

/**
 * A free port that is still free later: below the range from which the kernel takes ports for
 * outgoing connections, so that nobody gets it while a server is away; and each worker has its own.
 */
export async function lastingPort({ parallelIndex, config }: TestInfo): Promise<number> {
	const each = Math.floor(12_000 / config.workers);
	for (;;) {
		const port = 20_000 + each * parallelIndex + Math.floor(Math.random() * each);
		const probe = createServer();
		const free = await new Promise<boolean>((resolve) => {
			probe.once('error', () => resolve(false));
			probe.listen(port, '127.0.0.1', () => resolve(true));
		});
		if (!free) continue;
		probe.close();
		await once(probe, 'close');
		return port;
	}
}
