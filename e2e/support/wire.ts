import type { Page } from '@playwright/test';

type Message = { type: string; id?: string; topic?: string };

/** What a page hears from the server: all frames of its sockets, and all answers of the API. */
export class Wire {
	private frames: string[] = [];
	private sent: string[] = [];
	private answers: Promise<string>[] = [];

	/** From before the page is opened. */
	constructor(page: Page) {
		page.on('websocket', (socket) => {
			socket.on('framesent', ({ payload }) => void this.sent.push(payload.toString()));
			socket.on('framereceived', ({ payload }) => void this.frames.push(payload.toString()));
		});
		page.on('response', (response) => {
			if (!new URL(response.url()).pathname.startsWith('/api/')) return;
			const answer = response.text();
			// What the end of a flow cuts off was heard by nobody, and is not asked for.
			answer.catch(() => undefined);
			this.answers.push(answer);
		});
	}

	/** Whether the page follows a topic, and has had its first rows. */
	follows(topic: string): boolean {
		const asked = this.sent.map(parse).find((message) => message.topic === topic);
		return this.frames.map(parse).some(({ type, id }) => type === 'subscribed' && id === asked?.id);
	}

	/** Of all that it has heard until now what says this. */
	async heard(text: string): Promise<string[]> {
		const all = [...this.frames, ...(await Promise.all(this.answers))];
		return all.filter((one) => one.includes(text));
	}

	/** What was heard until now does not count any more. */
	forget(): void {
		[this.frames, this.sent, this.answers] = [[], [], []];
	}
}

const parse = (frame: string) => JSON.parse(frame) as Message;
