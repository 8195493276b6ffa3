import { getJobStats, listJobClasses } from '$lib/api/calls';
import type { JobClassView, JobStats } from '$lib/api/types';
import { Load } from '$lib/state/load.svelte';

const every_ms = 2_000;

/** What the page of jobs shows, read again and again while somebody looks at it. */
export class JobsDesk {
	readonly stats = new Load(() => getJobStats());
	readonly classes = new Load(async (): Promise<JobClassView[]> => (await listJobClasses()).items);
	/** Of the part that is shown besides. */
	private shown: { run(): Promise<void>; busy: boolean } | null = null;

	/** Reads all of it now, such as after something was done. */
	async refresh(): Promise<void> {
		await Promise.all([this.stats.run(), this.classes.run(), this.shown?.run()]);
	}

	/** Reads this along with the rest until the function it answers is called. */
	show(load: { run(): Promise<void>; busy: boolean }): () => void {
		this.shown = load;
		void load.run();
		return () => {
			if (this.shown === load) this.shown = null;
		};
	}

	/** Begins to read every two seconds, but for while nobody sees the page; answers what ends that. */
	start(): () => void {
		void this.refresh();
		const timer = setInterval(() => {
			const busy = this.stats.busy || this.classes.busy || this.shown?.busy;
			if (document.visibilityState !== 'hidden' && !busy) void this.refresh();
		}, every_ms);
		return () => clearInterval(timer);
	}
}

/** What of a class waits and runs. */
export function countsOf(stats: JobStats | null, name: string) {
	const kinds = stats?.kinds.filter((kind) => kind.class === name) ?? [];
	const sum = (of: 'waiting' | 'scheduled' | 'running') => kinds.reduce((all, kind) => all + kind[of], 0);
	const oldest = kinds.flatMap((kind) => kind.oldest_due_s ?? []);
	return {
		waiting: sum('waiting'),
		scheduled: sum('scheduled'),
		running: sum('running'),
		oldest_s: oldest.length > 0 ? Math.max(...oldest) : null
	};
}
