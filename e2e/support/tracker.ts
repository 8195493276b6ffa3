import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** What the server says within; longer it is not waited for. */
const answer_limit_ms = 30_000;
/** A frame has 1,280 bytes at most. */
const frame_records_max = 20;
const codec_8e = 0x8e;
const codec_12 = 12;
const command_type = 5;
const answer_type = 6;
const admitted = 1;
/** Ahead of each frame, and of nothing else that is sent. */
const preamble = Buffer.alloc(4);
const units_per_degree = 1e7;
/** Numbers of values, as the maker lists them. */
const io = { ignition: 239, movement: 240, supply_mv: 66 };
const supply_mv = 13_800;

/** Where a device is. */
export interface Fix {
	longitude: number;
	latitude: number;
	/** Zero, by default: it stands, with its engine off. */
	speed_kmh?: number;
	heading_deg?: number;
	/** By its own clock; by default now, and later than what it said before. */
	at_ms?: number;
}

/** A Teltonika device at the other end of a socket: codec 8 Extended for records, 12 for commands. */
export class Tracker {
	private last_ms = 0;
	private readonly gone = new AbortController();

	private constructor(private readonly socket: Socket) {
		socket.on('end', () => this.gone.abort(new Error('the server has hung up')));
		socket.on('error', (error) => this.gone.abort(error));
	}

	/** Introduces itself; a server that does not know it sends it away. */
	static async connect(port: number, imei: string): Promise<Tracker> {
		const socket = connect(port, '127.0.0.1');
		await once(socket, 'connect', { signal: AbortSignal.timeout(answer_limit_ms) });
		const tracker = new Tracker(socket);
		socket.write(Buffer.concat([uint(imei.length, 2), Buffer.from(imei, 'ascii')]));
		const [answer] = await tracker.read(1);
		if (answer !== admitted) throw new Error(`${imei} was turned away`);
		return tracker;
	}

	/** Tells where it is; resolves when the server says that it has kept that. */
	async send(...fixes: Fix[]): Promise<void> {
		for (let n = 0; n < fixes.length; n += frame_records_max) await this.sendFrame(fixes.slice(n, n + frame_records_max));
	}

	private async sendFrame(fixes: Fix[]): Promise<void> {
		const records = fixes.map((fix) => {
			this.last_ms = fix.at_ms ?? Math.max(Date.now(), this.last_ms + 1);
			return record(fix, this.last_ms);
		});
		const count = uint(fixes.length, 1);
		this.socket.write(framed(Buffer.concat([uint(codec_8e, 1), count, ...records, count])));
		const kept = (await this.read(4)).readUInt32BE();
		if (kept !== fixes.length) throw new Error(`of ${fixes.length} records ${kept} were kept`);
	}

	/** Waits for a command. */
	async command(): Promise<string> {
		const head = await this.read(8);
		const frame = await this.read(head.readUInt32BE(4) + 4);
		const [codec, , type] = frame;
		if (!head.subarray(0, 4).equals(preamble) || codec !== codec_12 || type !== command_type) throw new Error('it is no command');
		return frame.toString('ascii', 7, 7 + frame.readUInt32BE(3));
	}

	/** Answers the command that came last. */
	answer(text: string): void {
		const head = [uint(codec_12, 1), uint(1, 1), uint(answer_type, 1), uint(text.length, 4)];
		this.socket.write(framed(Buffer.concat([...head, Buffer.from(text, 'ascii'), uint(1, 1)])));
	}

	end(): void {
		this.socket.destroy();
	}

	private async read(bytes: number): Promise<Buffer> {
		const signal = AbortSignal.any([this.gone.signal, AbortSignal.timeout(answer_limit_ms)]);
		for (;;) {
			const read = this.socket.read(bytes) as Buffer | null;
			if (read) return read;
			await once(this.socket, 'readable', { signal });
		}
	}
}

function record({ longitude, latitude, speed_kmh = 0, heading_deg = 0 }: Fix, at_ms: number): Buffer {
	const time = Buffer.alloc(8);
	time.writeBigUInt64BE(BigInt(at_ms));
	const moves = uint(speed_kmh > 0 ? 1 : 0, 1);
	const position = [degrees(longitude), degrees(latitude), uint(120, 2), uint(heading_deg, 2), uint(12, 1), uint(speed_kmh, 2)];
	// No event; values of one byte, of two, and none of four, of eight and of any length.
	const byte = [uint(2, 2), uint(io.ignition, 2), moves, uint(io.movement, 2), moves];
	const values = [uint(0, 2), uint(3, 2), ...byte, uint(1, 2), uint(io.supply_mv, 2), uint(supply_mv, 2), uint(0, 2), uint(0, 2), uint(0, 2)];
	return Buffer.concat([time, uint(0, 1), ...position, ...values]);
}

function framed(data: Buffer): Buffer {
	return Buffer.concat([preamble, uint(data.length, 4), data, uint(crc16(data), 4)]);
}

/** CRC-16/IBM. */
function crc16(data: Buffer): number {
	let crc = 0;
	for (const byte of data) {
		crc ^= byte;
		for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
	}
	return crc;
}

function uint(value: number, bytes: number): Buffer {
	const written = Buffer.alloc(bytes);
	written.writeUIntBE(value, 0, bytes);
	return written;
}

function degrees(value: number): Buffer {
	const written = Buffer.alloc(4);
	written.writeInt32BE(Math.round(value * units_per_degree));
	return written;
}
