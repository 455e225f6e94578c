/** What readers of captures share: bytes in either order, never read past their end, and frames that are believed only within bounds. */

/** Something is wrong with a file; the message says what and where, and reads on after the file's name. */
export class FileError extends Error {
	override readonly name = 'FileError';
}

export interface CapturedFrame {
	/** Nanoseconds from the capture's first frame; negative when the frames are not in order. */
	readonly time: number;
	/** From the destination address on, without FCS. A view of the file's bytes. */
	readonly bytes: Uint8Array;
	/** Bytes the frame had: more than `bytes` when the capture cut it short. */
	readonly wireLength: number;
}

/** Longest frame that is believed: what Wireshark believes. */
const longestFrame = 262_144;
/** LINKTYPE_ETHERNET. */
const ethernet = 1;

export class ByteReader {
	readonly #view: DataView;
	littleEndian = true;

	constructor(readonly bytes: Uint8Array) {
		this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	}

	get length(): number {
		return this.bytes.length;
	}

	/** @throws FileError unless `length` bytes lie at `at`. @param what they are: `the frame at byte 40`. */
	need(at: number, length: number, what: string): void {
		if (at + length > this.bytes.length) {
			throw new FileError(`${what} goes on after the file's last byte, ${this.bytes.length}`);
		}
	}

	u16(at: number): number {
		return this.#view.getUint16(at, this.littleEndian);
	}

	u32(at: number): number {
		return this.#view.getUint32(at, this.littleEndian);
	}

	/** The `length` bytes of a frame at `at`, checked. @param end where what holds them ends. */
	frame(at: number, length: number, end: number, wireLength: number, time: number, what: string): CapturedFrame {
		if (length > longestFrame || wireLength > longestFrame) {
			throw new FileError(`${what} claims ${Math.max(length, wireLength)} bytes, more than ${longestFrame}`);
		}

		if (at + length > end) {
			throw new FileError(`${what} goes on after byte ${end}, where what holds it ends`);
		}

		return {time, bytes: this.bytes.subarray(at, at + length), wireLength: Math.max(length, wireLength)};
	}
}

/** @throws FileError for anything but Ethernet. @param what captured it: `interface 1`. */
export function checkLinkType(type: number, what: string): void {
	if (type !== ethernet) {
		throw new FileError(`${what} is of link type ${type}, not Ethernet (${ethernet})`);
	}
}
