/** Integers in network order (most significant byte first) at an offset of a buffer; the caller has checked that they lie inside. */

export function read16(memory: Buffer, offset: number): number {
	return (memory[offset] << 8) | memory[offset + 1];
}

/** Signed 32-bit: addresses and sequence numbers are compared as they are, and `>>> 0` makes a number to show. */
export function read32(memory: Buffer, offset: number): number {
	return (memory[offset] << 24) | (memory[offset + 1] << 16) | (memory[offset + 2] << 8) | memory[offset + 3];
}

export function write16(memory: Buffer, offset: number, value: number): void {
	memory[offset] = value >>> 8;
	memory[offset + 1] = value;
}

export function write32(memory: Buffer, offset: number, value: number): void {
	memory[offset] = value >>> 24;
	memory[offset + 1] = value >>> 16;
	memory[offset + 2] = value >>> 8;
	memory[offset + 3] = value;
}
