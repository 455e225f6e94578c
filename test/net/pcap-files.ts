/** Capture files for tests, written field by field as the formats' drafts say: no code of ours that reads or writes them. */

export interface WrittenFrame {
	/** Whole seconds, and units of the file's resolution. */
	readonly seconds: number;
	readonly fraction: number;
	readonly bytes: Uint8Array;
	/** When the capture cut it short. */
	readonly wireLength?: number;
}

export interface PcapOptions {
	readonly littleEndian?: boolean;
	readonly nanoseconds?: boolean;
	readonly linkType?: number;
}

class Writer {
	readonly #parts: Buffer[] = [];

	constructor(private readonly littleEndian: boolean) {}

	u16(value: number): this {
		const bytes = Buffer.alloc(2);
		this.littleEndian ? bytes.writeUInt16LE(value) : bytes.writeUInt16BE(value);
		return this.raw(bytes);
	}

	u32(value: number): this {
		const bytes = Buffer.alloc(4);
		this.littleEndian ? bytes.writeUInt32LE(value) : bytes.writeUInt32BE(value);
		return this.raw(bytes);
	}

	raw(bytes: Uint8Array): this {
		this.#parts.push(Buffer.from(bytes));
		return this;
	}

	/** Zeros up to a whole word. */
	pad(): this {
		return this.raw(Buffer.alloc(-this.bytes().length & 3));
	}

	bytes(): Buffer {
		return Buffer.concat(this.#parts);
	}
}

export function pcapFile(frames: readonly WrittenFrame[], options: PcapOptions = {}): Buffer {
	const {littleEndian = true, nanoseconds = false, linkType = 1} = options;
	const file = new Writer(littleEndian);
	file
		.u32(nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4)
		.u16(2)
		.u16(4)
		.u32(0)
		.u32(0)
		.u32(262_144)
		.u32(linkType);
	for (const {seconds, fraction, bytes, wireLength = bytes.length} of frames) {
		file.u32(seconds).u32(fraction).u32(bytes.length).u32(wireLength).raw(bytes);
	}

	return file.bytes();
}

export function block(type: number, body: Uint8Array, littleEndian = true): Buffer {
	const length = body.length + 12;
	return new Writer(littleEndian).u32(type).u32(length).raw(body).u32(length).bytes();
}

export function section(littleEndian = true): Buffer {
	const unknownLength = Buffer.alloc(8, 0xff);
	return block(
		0x0a0d0d0a,
		new Writer(littleEndian).u32(0x1a2b3c4d).u16(1).u16(0).raw(unknownLength).bytes(),
		littleEndian,
	);
}

/** @param resolution `if_tsresol`; left out when undefined, which means microseconds. @param offset `if_tsoffset`, seconds. */
export function description(resolution?: number, littleEndian = true, offset = 0, linkType = 1): Buffer {
	const body = new Writer(littleEndian).u16(linkType).u16(0).u32(0);
	body.u16(2).u16(4).raw(Buffer.from('eth0'));
	if (resolution !== undefined)
		body
			.u16(9)
			.u16(1)
			.raw(Buffer.from([resolution, 0, 0, 0]));
	if (offset !== 0) {
		const value = Buffer.alloc(8);
		littleEndian ? value.writeBigInt64LE(BigInt(offset)) : value.writeBigInt64BE(BigInt(offset));
		body.u16(14).u16(8).raw(value);
	}

	return block(1, body.u16(0).u16(0).bytes(), littleEndian);
}

/** An enhanced packet block; `ticks` since the interface's epoch. */
export function enhanced(number: number, ticks: bigint, bytes: Uint8Array, littleEndian = true): Buffer {
	const body = new Writer(littleEndian)
		.u32(number)
		.u32(Number(ticks >> 32n))
		.u32(Number(ticks & 0xffff_ffffn));
	body.u32(bytes.length).u32(bytes.length).raw(bytes).pad();
	return block(6, body.u16(1).u16(5).raw(Buffer.from('hello\0\0\0')).u32(0).bytes(), littleEndian);
}

export function simple(bytes: Uint8Array, littleEndian = true): Buffer {
	return block(3, new Writer(littleEndian).u32(bytes.length).raw(bytes).pad().bytes(), littleEndian);
}
