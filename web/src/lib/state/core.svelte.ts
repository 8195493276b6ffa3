import type { Handlers, Topic } from '$lib/live/connection';

const topics: Topic[] = ['kind:workspace', 'kind:group', 'kind:system'];

/** What every page of the shell needs: the places and systems one may see. */
class Core {
	private arrived = $state.raw<Topic[]>([]);

	/** The first rows of all are here. */
	get ready(): boolean {
		return topics.every((topic) => this.arrived.includes(topic));
	}

	follow(follow: (topic: Topic, handlers: Handlers) => () => void): () => void {
		const ready = (topic: Topic) => {
			if (!this.arrived.includes(topic)) this.arrived = [...this.arrived, topic];
		};
		const ends = topics.map((topic) => follow(topic, { ready: () => ready(topic) }));
		return () => {
			this.arrived = [];
			for (const end of ends) end();
		};
	}
}

export const core = new Core();
