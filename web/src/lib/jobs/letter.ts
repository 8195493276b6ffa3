import type { DeadLetter } from '$lib/api/types';

/** Where what failed came from. */
export type LetterSource = 'job' | 'telemetry';

/** A record of a device that could not be processed. */
export interface LetterRecord {
	imei: string | null;
	codec: string | null;
	/** As received, two digits a byte. */
	hex: string;
}

type Sourced = Pick<DeadLetter, 'kind'> & { source?: string; payload?: unknown };

export const sourceOf = ({ source }: Sourced): LetterSource => (source === 'telemetry' ? 'telemetry' : 'job');

/** The record of a letter of telemetry; null for any other. */
export function recordOf(letter: Sourced): LetterRecord | null {
	if (sourceOf(letter) !== 'telemetry' || typeof letter.payload !== 'object' || letter.payload === null) return null;
	const { imei, codec, hex } = letter.payload as Record<string, unknown>;
	if (typeof hex !== 'string') return null;
	return { imei: typeof imei === 'string' ? imei : null, codec: codecText(codec), hex };
}

export const titleOf = (letter: Sourced): string => recordOf(letter)?.imei ?? letter.kind;

/** As manuals call it: 8, 8E, 16. */
function codecText(codec: unknown): string | null {
	if (typeof codec === 'string') return codec;
	if (typeof codec !== 'number') return null;
	return codec === 0x8e ? '8E' : String(codec);
}

const row_bytes = 16;

/** Bytes in rows as one reads them: where each begins, its digits, and what of it is text. */
export function dumpOf(hex: string): { at: string; digits: string; text: string }[] {
	const bytes = hex.match(/[0-9a-f]{1,2}/gi) ?? [];
	const rows = [];
	for (let from = 0; from < bytes.length; from += row_bytes) {
		const row = bytes.slice(from, from + row_bytes);
		rows.push({
			at: from.toString(16).padStart(4, '0'),
			digits: row.join(' '),
			text: row.map((byte) => printable(Number.parseInt(byte, 16))).join('')
		});
	}
	return rows;
}

const printable = (byte: number): string => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·');
