import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run_limit_ms = 60_000;
const execute = promisify(execFile);

/** The server's binary, as `./dev test` has built it. */
export const synops = resolve(process.env.E2E_SERVER ?? '../target/debug/synops');

/** Where chromium, psql and PostgreSQL's own programs may be; nothing else of our environment is passed on. */
export const PATH = process.env.PATH ?? '';

/** Runs a program to its end and answers what it printed; throws with what it complained of. */
export async function run(
	program: string,
	args: string[],
	env: Record<string, string> = {}
): Promise<string> {
	// `cwd`: where there is no synops.toml.
	const options = { env: { PATH, ...env }, cwd: '/', timeout: run_limit_ms };
	return (await execute(program, args, options)).stdout.trimEnd();
}

/** The path of a program that may be given as a bare name. */
export function locate(program: string): string {
	if (program.includes('/')) return program;
	for (const directory of PATH.split(delimiter)) {
		const path = join(directory, program);
		try {
			accessSync(path, constants.X_OK);
			return path;
		} catch {
			// The next one.
		}
	}
	throw new Error(`${program} is not on the PATH`);
}
