/**
 * Where the line above what is new stands: below the message of this number; null where there is none.
 * It stays while one reads on, and is gone once one has read all and looks away, or answers.
 */
export class NewLine {
	after = $state<number | null>(null);
	private read: number | null = null;

	/** The channel is opened: it has messages up to `last`, of which one has read those up to `read`. */
	open(read: number, last: number): void {
		this.read = read;
		this.after = last > read ? read : null;
	}

	/** Messages up to this number are there; `seen`: and in view. */
	come(last: number, seen: boolean): void {
		if (this.read === null) return;
		if (seen) this.read = Math.max(this.read, last);
		else if (this.after === null && last > this.read) this.after = this.read;
	}

	/** One answers, or looks away from what one has read. */
	settle(last: number): void {
		if (this.read !== null && this.read >= last) this.after = null;
	}

	/** What one writes oneself one has read, and all before it. */
	wrote(): void {
		this.after = null;
	}
}
