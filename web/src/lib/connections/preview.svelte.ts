import { previewMessage } from '$lib/api/messages';
import { asApiError, type ApiError } from '$lib/api/problem';
import type { NoticeKind, Preview, Template } from '$lib/api/types';

const pause_ms = 250;

/** An example of a message while its words are typed. The last that could be made stays while there is an error. */
export class MessagePreview {
	shown = $state.raw<Preview | null>(null);
	error = $state.raw<ApiError | null>(null);
	private kind: NoticeKind | null = null;
	private turn = 0;
	private timer: ReturnType<typeof setTimeout> | undefined;

	constructor(private readonly id: string) {}

	ask(kind: NoticeKind, template: Template | null): void {
		if (kind !== this.kind) this.shown = null;
		this.kind = kind;
		clearTimeout(this.timer);
		const turn = ++this.turn;
		this.timer = setTimeout(() => void this.read(turn, kind, template), pause_ms);
	}

	clear(): void {
		this.turn++;
		this.shown = null;
		this.error = null;
	}

	stop(): void {
		clearTimeout(this.timer);
	}

	private async read(turn: number, kind: NoticeKind, template: Template | null): Promise<void> {
		try {
			const shown = await previewMessage(this.id, kind, template ? wordsIn(template) : undefined);
			if (turn !== this.turn) return;
			this.shown = shown;
			this.error = null;
		} catch (cause) {
			if (turn === this.turn) this.error = asApiError(cause);
		}
	}
}

function wordsIn({ subject, body, html }: Template) {
	return { subject, body, ...(html?.trim() ? { html } : {}) };
}
