/** A UUID of version 7: those made later sort later. What browsers have for it is missing where the page comes by plain HTTP. */
export function uuid7(now_ms = Date.now()): string {
	const bytes = crypto.getRandomValues(new Uint8Array(16));
	new DataView(bytes.buffer).setUint32(0, Math.floor(now_ms / 0x1_0000));
	new DataView(bytes.buffer).setUint16(4, now_ms % 0x1_0000);
	bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
	bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
	const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
	return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
