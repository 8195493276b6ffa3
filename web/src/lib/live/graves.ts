export const graves_limit = 10_000;

type Why = 'deleted' | 'removed';

/**
 * The last versions of rows that are gone. `deleted` rows are gone for
 * everybody and come back only above their version; `removed` ones are out of
 * this viewer's sight, and a snapshot may show the same version again. Bounded:
 * the oldest graves are given up first.
 */
export class Graves {
	private readonly dug = new Map<string, { version: number; why: Why; at: number }>();

	/** `at` is when, as the store counts. */
	dig(id: string, version: number, why: Why, at = 0): void {
		const old = this.dug.get(id);
		if (old && old.version > version) return;
		this.dug.delete(id);
		this.dug.set(id, { version, why, at });
		if (this.dug.size > graves_limit) {
			const oldest = this.dug.keys().next().value;
			if (oldest !== undefined) this.dug.delete(oldest);
		}
	}

	lets(id: string, version: number, source: 'snapshot' | 'event'): boolean {
		const grave = this.dug.get(id);
		if (!grave) return true;
		return version > grave.version || (grave.why === 'removed' && source === 'snapshot');
	}

	/** Whether it went away after this, as the store counts. */
	isNewerThan(id: string, mark: number): boolean {
		return (this.dug.get(id)?.at ?? 0) > mark;
	}

	open(id: string): void {
		this.dug.delete(id);
	}

	clear(): void {
		this.dug.clear();
	}

	get size(): number {
		return this.dug.size;
	}
}
