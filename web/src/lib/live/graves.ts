export const graves_limit = 10_000;

type Why = 'deleted' | 'removed';

/**
 * The last versions of rows that are gone. `deleted` rows are gone for
 * everybody and come back only above their version; `removed` ones are out of
 * this viewer's sight, and a snapshot may show the same version again. Bounded:
 * the oldest graves are given up first.
 */
export class Graves {
	private readonly dug = new Map<string, { version: number; why: Why }>();

	dig(id: string, version: number, why: Why): void {
		const old = this.dug.get(id);
		if (old && old.version > version) return;
		this.dug.delete(id);
		this.dug.set(id, { version, why });
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
