import { vi } from 'vitest';

const limit_ms = 5_000;

/** Lets sockets and requests go on (they are real) while the clock (which is not) stands still. */
export async function until(what: string, holds: () => boolean): Promise<void> {
	const end = performance.now() + limit_ms;
	while (!holds()) {
		if (performance.now() > end) throw new Error(`never: ${what}`);
		await new Promise((resolve) => setImmediate(resolve));
	}
}

/** Lets the fake clock run on in small steps, until it holds or this much time has passed on it. */
export async function eventually(what: string, holds: () => boolean, within_ms = 60_000): Promise<void> {
	const step_ms = 50;
	for (let passed_ms = 0; passed_ms <= within_ms; passed_ms += step_ms) {
		for (let turn = 0; turn < 8; turn++) {
			if (holds()) return;
			await new Promise((resolve) => setImmediate(resolve));
		}
		await vi.advanceTimersByTimeAsync(step_ms);
	}
	throw new Error(`not within ${within_ms} ms: ${what}`);
}

/** Fakes the timers that the connections use, and leaves those of the network alone. */
export function fakeClock(): void {
	vi.useFakeTimers({
		toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'],
		now: new Date('2026-01-01T12:00:00Z')
	});
}
