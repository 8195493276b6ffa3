import { randomUUID } from 'node:crypto';
import { run, synops } from './program';

/** Superuser's URL of any database of the cluster in which the flows make theirs. */
const url_variable = 'SYNOPS_TEST_POSTGRES_URL';
const owner = 'synops_owner';
const server = 'synops_server';
/** Of both logins, for clusters that ask for one; the Rust tests use the same. */
const password = 'synops-test';

const psql = process.env.E2E_PSQL ?? 'psql';

/** Types SQL into psql, as a person does; answers the rows, columns parted by `|`. */
async function type(url: string, ...statements: string[]): Promise<string> {
	const commands = statements.flatMap((statement) => ['-c', statement]);
	const settings = ['--no-psqlrc', '--quiet', '--no-align', '--tuples-only', '--set=ON_ERROR_STOP=1'];
	return run(psql, [...settings, '--dbname', url, ...commands], { PGOPTIONS: '-c client_min_messages=warning' });
}

/** The same cluster, as somebody else or in another database. A URL may name its user, or its host, in the query. */
function urlOf(base: string, database: string, login?: string): string {
	const url = new URL(base);
	url.pathname = `/${database}`;
	if (!login) return url.href;
	if (url.host) {
		url.username = login;
		url.password = password;
	} else {
		url.searchParams.set('user', login);
		url.searchParams.set('password', password);
	}
	return url.href;
}

function superuserUrl(database = 'postgres'): string {
	const url = process.env[url_variable];
	if (!url) throw new Error(`${url_variable} is not set: run ./dev test --only e2e, or name a superuser's URL there`);
	return urlOf(url, database);
}

/** Makes the logins that all databases of the flows share, once: workers must not both find them missing. */
export async function makeLogins(): Promise<void> {
	for (const name of [owner, server]) {
		const known = await type(superuserUrl(), `select count(*) from pg_roles where rolname = '${name}'`);
		if (known === '0') await type(superuserUrl(), `create role ${name} login password '${password}'`);
	}
}

/** A migrated database that flows copy theirs from: that takes a fraction of the migrations' time. */
export class Template {
	private constructor(readonly name: string) {}

	static async make(): Promise<Template> {
		const template = new Template(`synops_e2e_template_${randomUUID().replaceAll('-', '')}`);
		await type(superuserUrl(), `create database ${template.name} owner ${owner} template template0 encoding 'UTF8'`);
		await type(superuserUrl(template.name), `alter schema public owner to ${owner}`);
		await run(synops, ['migrate'], {
			SYNOPS_OWNER_URL: urlOf(superuserUrl(), template.name, owner),
			DATABASE_URL: urlOf(superuserUrl(), template.name, server)
		});
		return template;
	}

	drop(): Promise<string> {
		return type(superuserUrl(), `drop database ${this.name} with (force)`);
	}
}

/** A database of one flow's own. */
export class Database {
	private constructor(private readonly name: string) {}

	static async make(template: Template): Promise<Database> {
		const database = new Database(`synops_e2e_${randomUUID().replaceAll('-', '')}`);
		await type(superuserUrl(), `create database ${database.name} template ${template.name} owner ${owner}`);
		return database;
	}

	/** Of the login that the server has. */
	get serverUrl(): string {
		return urlOf(superuserUrl(), this.name, server);
	}

	/** Types SQL into psql with the schema owner's login, past the server; see {@link type}. */
	psql(...statements: string[]): Promise<string> {
		return type(urlOf(superuserUrl(), this.name, owner), ...statements);
	}

	drop(): Promise<string> {
		return type(superuserUrl(), `drop database ${this.name} with (force)`);
	}
}
