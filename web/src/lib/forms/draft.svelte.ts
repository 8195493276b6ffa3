export type Values = Record<string, string | number | boolean>;

/**
 * What somebody types over something that others may change meanwhile. `base`
 * is what the fields were when typing began; only what differs from it is
 * sent, so that two people who change different fields both get theirs.
 */
export class Draft<T extends Values> {
	base = $state.raw<T>({} as T);
	values = $state<T>({} as T);
	version = $state(0);

	constructor(values: T, version = 0) {
		this.reset(values, version);
	}

	reset(values: T, version: number): void {
		this.base = { ...values };
		this.values = { ...values };
		this.version = version;
	}

	changes(): Partial<T> {
		const changed: Partial<T> = {};
		for (const key of this.keys()) {
			if (this.values[key] !== this.base[key]) changed[key] = this.values[key];
		}
		return changed;
	}

	get dirty(): boolean {
		return this.keys().some((key) => this.values[key] !== this.base[key]);
	}

	/** The fields that someone else changed since, with theirs and what is typed here. */
	differences(theirs: T): { key: keyof T & string; theirs: T[keyof T]; yours: T[keyof T] | null }[] {
		return this.keys()
			.filter((key) => theirs[key] !== this.base[key])
			.map((key) => ({
				key,
				theirs: theirs[key],
				yours: this.values[key] === this.base[key] ? null : this.values[key]
			}));
	}

	/** Goes on over a newer version: what was typed stays, the other fields follow. */
	rebase(theirs: T, version: number): void {
		const typed = this.changes();
		this.base = { ...theirs };
		this.values = { ...theirs, ...typed };
		this.version = version;
	}

	private keys(): (keyof T & string)[] {
		return Object.keys(this.base) as (keyof T & string)[];
	}
}

/** A form that a newer version has overtaken, while there is one, and what may be done about it. */
export interface Overtaken<T extends Values> {
	readonly draft: Draft<T>;
	readonly newer: { values: T } | null;
	keepMine(): void;
	takeTheirs(): void;
}
