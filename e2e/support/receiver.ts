import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** Whom a connection leads to: keeps what is posted to it, and answers as it is told to. */
export class Receiver {
	readonly got: string[] = [];
	/** The status of its answers. */
	status = 200;

	private constructor(private readonly http: Server) {}

	static async start(): Promise<Receiver> {
		const http = createServer(async (request, response) => {
			receiver.got.push(await text(request));
			response.writeHead(receiver.status).end(receiver.status < 300 ? 'thanks' : 'no such room');
		});
		const receiver = new Receiver(http);
		await new Promise<void>((ready) => http.listen(0, '127.0.0.1', ready));
		return receiver;
	}

	/** With a part that is secret, as such addresses have. */
	get url(): string {
		return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}/hooks/very-secret-path`;
	}

	async stop(): Promise<void> {
		this.http.closeAllConnections();
		await new Promise((done) => this.http.close(done));
	}
}
