import type { Run } from '$lib/api/types';

export const spark_points = 30;

/**
 * The polylines (a failed check breaks the line) and the x of failed checks.
 * The newest point sits at the right edge, so a new one shifts nothing else's
 * place on the page.
 */
export function sparkOf(points: Run[], width: number, height: number) {
	const runs = [...points].sort((a, b) => a.at.localeCompare(b.at)).slice(-spark_points);
	const top = Math.max(1, ...runs.map((run) => (run.ok ? (run.latency_ms ?? 0) : 0)));
	const step = width / (spark_points - 1);
	const lines: string[] = [];
	const failed: number[] = [];
	let line: string[] = [];
	const end = () => {
		if (line.length > 1) lines.push(line.join(' '));
		line = [];
	};
	runs.forEach((run, index) => {
		const x = round(width - (runs.length - 1 - index) * step);
		if (!run.ok || run.latency_ms === null) {
			failed.push(x);
			end();
			return;
		}
		// A little room above and below, so that the stroke is never cut.
		line.push(`${x},${round(height - 2 - (run.latency_ms / top) * (height - 4))}`);
	});
	end();
	return { lines, failed };
}

const round = (value: number) => Math.round(value * 10) / 10;
