/**
 * The server's clock as seen from here. An answer with a short way there and
 * back tells more than one with a long one, but an old one loses its worth:
 * after a minute any new one counts.
 */
export class ClockOffset {
	private best: { offset_ms: number; rtt_ms: number; at: number } | null = null;

	/** Takes in one reading; answers the offset to use from now on. */
	read(server_time: string, sent_at: number, received_at: number): number | null {
		const server = Date.parse(server_time);
		if (Number.isNaN(server)) return this.best?.offset_ms ?? null;
		const rtt_ms = Math.max(0, received_at - sent_at);
		const old = this.best !== null && received_at - this.best.at > 60_000;
		if (!this.best || old || rtt_ms <= this.best.rtt_ms) {
			const offset_ms = server - (sent_at + rtt_ms / 2);
			this.best = { offset_ms, rtt_ms, at: received_at };
		}
		return this.best.offset_ms;
	}
}
