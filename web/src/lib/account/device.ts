const browsers = [
	['Edg/', 'Edge'],
	['OPR/', 'Opera'],
	['Firefox/', 'Firefox'],
	['Chrome/', 'Chrome'],
	['Safari/', 'Safari']
] as const;
const systems = [
	['iPhone', 'iPhone'],
	['iPad', 'iPad'],
	['Android', 'Android'],
	['Windows', 'Windows'],
	['Mac OS X', 'macOS'],
	['Linux', 'Linux']
] as const;

/** A browser's name as its owner would say it, from what it calls itself: `Firefox, Linux`. */
export function deviceOf(agent: string | null | undefined): string | null {
	if (!agent) return null;
	const find = (list: readonly (readonly [string, string])[]) =>
		list.find(([mark]) => agent.includes(mark))?.[1];
	const named = [find(browsers), find(systems)].filter(Boolean).join(', ');
	return named || agent.slice(0, 60);
}
