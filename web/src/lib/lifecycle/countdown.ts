/** A length of time as a clock shows it, whole seconds begun: `4:05`, `1:04:05`, `0:00` when it is over. */
export function countdown(left_ms: number): string {
	return clockText(Math.max(0, Math.ceil(left_ms / 1000)));
}

/** As {@link countdown}, for time that has passed: whole seconds that are over. */
export function countUp(passed_ms: number): string {
	return clockText(Math.max(0, Math.floor(passed_ms / 1000)));
}

function clockText(total_s: number): string {
	if (!Number.isFinite(total_s)) return '';
	const two = (value: number) => String(value).padStart(2, '0');
	const hours = Math.floor(total_s / 3_600);
	const minutes = Math.floor((total_s % 3_600) / 60);
	const seconds = two(total_s % 60);
	return hours > 0 ? `${hours}:${two(minutes)}:${seconds}` : `${minutes}:${seconds}`;
}
