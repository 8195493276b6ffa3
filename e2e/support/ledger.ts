import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where tools write down what they did: each job's effects, to be counted. */
export class Ledger {
	private readonly directory = mkdtempSync(join(tmpdir(), 'synops-ledger-'));

	/**
	 * `work` takes `ms` and is done. `climbs` takes `steps` of half a second, keeps its place after each, and
	 * ends when it is told to.
	 */
	get tools(): string {
		const done = `echo done >> ${this.directory}/$SYNOPS_JOB_ID`;
		const input = (name: string) => `line=$(cat); ${name}=\${line#*\\"${name}\\":}; ${name}=\${${name}%%[!0-9]*}`;
		const work = `${input('ms')}; sleep $((ms / 1000)).$(printf %03d $((ms % 1000))); ${done}`;
		const climbs = [
			input('steps'),
			`case $line in *\\"step\\":*) n=\${line##*\\"step\\":}; n=\${n%%[!0-9]*};; *) n=0;; esac`,
			`trap told=1 TERM`,
			`while [ $n -lt $steps ]; do [ -z "$told" ] || exit 1; n=$((n + 1)); echo $n >> ${this.directory}/$SYNOPS_JOB_ID-steps; echo "{\\"checkpoint\\":{\\"step\\":$n}}" >&2; sleep 0.5; done`,
			done
		].join('\n');
		const tool = (name: string, script: string) => `${name} = ["/bin/sh", "-c", '''${script}''']`;
		return `[tools]\n${tool('work', work)}\n${tool('climbs', climbs)}\n`;
	}

	/** How often each job was done. */
	done(): Map<string, number> {
		const files = readdirSync(this.directory).filter((name) => !name.endsWith('-steps'));
		return new Map(files.map((name) => [name, this.lines(name).length]));
	}

	/** The steps that a job took, in order. */
	steps(job: string): number[] {
		const has = readdirSync(this.directory).includes(`${job}-steps`);
		return has ? this.lines(`${job}-steps`).map(Number) : [];
	}

	remove(): void {
		rmSync(this.directory, { recursive: true, force: true });
	}

	private lines(name: string): string[] {
		return readFileSync(join(this.directory, name), 'utf8').trimEnd().split('\n');
	}
}
