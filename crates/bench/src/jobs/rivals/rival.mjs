// A job queue to be measured: reads one command a line, answers one line of JSON each.
//   node rival.mjs graphile-worker|pg-boss DATABASE_URL
import { createInterface } from 'node:readline';
import { Logger, makeWorkerUtils, run } from 'graphile-worker';
import pg from 'pg';
import PgBoss from 'pg-boss';

const [, , name, connectionString] = process.argv;
const CONCURRENCY = 20;

// Both tell how to insert, and start a worker that calls `handle(payload)` for each job.
const queues = {
	'graphile-worker': async () => {
		const pool = new pg.Pool({ connectionString, max: CONCURRENCY });
		const logger = new Logger(() => () => {});
		const utils = await makeWorkerUtils({ pgPool: pool, logger });
		await utils.migrate();
		return {
			insert: (payload) => utils.addJob('noop', payload),
			insertMany: (payloads) => utils.addJobs(payloads.map((payload) => ({ identifier: 'noop', payload }))),
			async work(handle) {
				const runner = await run({
					pgPool: pool,
					logger,
					noHandleSignals: true,
					taskList: { noop: handle },
					preset: {
						worker: {
							concurrentJobs: CONCURRENCY,
							pollInterval: 1000,
							localQueue: { size: 500 },
							completeJobBatchDelay: 0,
							failJobBatchDelay: 0
						}
					}
				});
				return () => runner.stop();
			}
		};
	},
	'pg-boss': async () => {
		const boss = new PgBoss({ connectionString, max: CONCURRENCY });
		boss.on('error', (error) => console.error(error));
		await boss.start();
		await boss.createQueue('noop');
		return {
			insert: (payload) => boss.send('noop', payload),
			insertMany: (payloads) => boss.insert(payloads.map((data) => ({ name: 'noop', data }))),
			// It fetches once in a polling interval, half a second at the least: large batches.
			async work(handle) {
				const options = { batchSize: 5000, pollingIntervalSeconds: 0.5 };
				const many = async (jobs) => jobs.forEach((job) => handle(job.data));
				await boss.work('noop', options, many);
				await boss.work('noop', options, many);
				return () => boss.offWork('noop');
			}
		};
	}
};

const queue = await queues[name]();

// From enqueued to the start of the handler, on one clock.
async function measure({ count, every_ms }) {
	const waits = [];
	const stop = await queue.work((payload) => waits.push(performance.now() - payload.at));
	for (let n = 0; n < count; n += 1) {
		await queue.insert({ at: performance.now() });
		await new Promise((resolve) => setTimeout(resolve, every_ms));
	}
	while (waits.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
	await stop();
	return { waits_ms: waits };
}

const commands = {
	async insert({ count }) {
		let left = count;
		const one = async () => {
			while (left-- > 0) await queue.insert({});
		};
		await Promise.all(Array.from({ length: CONCURRENCY }, one));
	},
	async insert_many({ count, batch }) {
		for (let n = 0; n < count; n += batch) await queue.insertMany(Array.from({ length: batch }, () => ({})));
	},
	async drain({ count }) {
		let handled = 0;
		let done;
		const all = new Promise((resolve) => (done = resolve));
		const stop = await queue.work(() => {
			handled += 1;
			if (handled === count) done();
		});
		await all;
		// What it keeps back of completed jobs is written now.
		await stop();
	},
	measure
};

for await (const line of createInterface({ input: process.stdin })) {
	const command = JSON.parse(line);
	const began = performance.now();
	const answer = (await commands[command.do](command)) ?? {};
	console.log(JSON.stringify({ took_ms: performance.now() - began, ...answer }));
}
process.exit(0);
