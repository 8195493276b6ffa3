// Order keys as the server makes them (domain/src/board/order.rs), for its model in tests.

const digits = '0123456789abcdef';

/** A key between these two; null is the beginning or the end. They never end with 0, so there is always room. */
export function between(after: string | null, before: string | null): string {
	let key = '';
	for (let at = 0; ; at++) {
		const low = digits.indexOf(after?.[at] ?? '0');
		const high = before === null ? 16 : digits.indexOf(before[at] ?? '0');
		if (high - low > 1) return key + digits[(low + high) >> 1];
		key += digits[low];
		// From here on anything is below `before`.
		if (high > low) before = null;
	}
}

/** So many short keys, in order. */
export function inOrder(count: number): string[] {
	return Array.from({ length: count }, (_, at) => `8${(at + 1).toString(16).padStart(2, '0')}8`);
}
