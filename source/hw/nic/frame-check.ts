/** The frame check sequence of Ethernet: CRC-32 of IEEE 802.3 §3.2.9, least significant byte first on the wire. Computed only where its bytes are seen. */
const table = makeTable();

/** The FCS of the first `length` bytes: as an unsigned number whose low byte is first on the wire. */
export function frameCheck(bytes: Buffer, length: number): number {
	let crc = -1;
	for (let i = 0; i < length; i++) {
		crc = (crc >>> 8) ^ table[(crc ^ bytes[i]) & 0xff];
	}

	return ~crc >>> 0;
}

function makeTable(): Int32Array {
	const entries = new Int32Array(256);
	for (let byte = 0; byte < 256; byte++) {
		let crc = byte;
		for (let bit = 0; bit < 8; bit++) {
			crc = (crc & 1) !== 0 ? (crc >>> 1) ^ 0xedb8_8320 : crc >>> 1;
		}

		entries[byte] = crc;
	}

	return entries;
}
