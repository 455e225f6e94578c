/**
Writes pcapng (draft-ietf-opsawg-pcapng) for Wireshark: a section header, one description for each interface with its name and
nanoseconds as its unit, and each frame as an enhanced packet with its direction and a comment where there is something to say. Times
are virtual, counted from 1970: the host was switched on at midnight. Bytes are handed out in chunks; whoever takes them writes them.
*/
import {assert} from '../engine/assert.js';
import type {SeenFrame} from '../net/frame-tap.js';
import {PacketBuffer} from '../net/packet-buffer.js';
import {
	byteOrderMagic,
	enhancedPacket,
	interfaceDescription,
	optionEnd,
	optionTimeResolution,
	padded,
	sectionHeader,
} from '../net/pcapng.js';
import {Transport} from '../net/transport.js';

/** Bytes of a chunk: few messages and writes at a hundred megabytes a second. */
const chunkBytes = 256 * 1024;
const linkEthernet = 1;
/** The same number in the options of every block. */
const optionComment = 1;
const optionUserApplication = 4;
const optionName = 2;
const optionFlags = 2;
const nanoseconds = 9;
const directionInbound = 1;
const directionOutbound = 2;
/** Block type, both lengths, interface, time, both sizes of the frame; flags and the end of the options. */
const packetBlockBytes = 32;
const packetOptionBytes = 12;

/** Takes a chunk and owns it. @param at where in the file it belongs, bytes: behind the one before. */
export type ChunkSink = (chunk: Uint8Array, at: number) => void;

export class PcapngWriter {
	readonly #buffer = Buffer.alloc(chunkBytes);
	#used = 0;
	/** Bytes handed out before the buffer's first. */
	#written = 0;
	#interfaces = 0;
	/** Where a blank checksum belongs, and the frame's copy in which it is filled in. */
	readonly #transport = new Transport();
	readonly #copy = new PacketBuffer(1);

	/** @param application who writes: `ringtop 0.1.0`. */
	constructor(
		private readonly sink: ChunkSink,
		application: string,
	) {
		const options = optionBytes(application);
		this.#begin(sectionHeader, 28 + options + 4);
		this.#u32(byteOrderMagic);
		this.#u16(1);
		this.#u16(0);
		// The section's length is not known.
		this.#u32(0xffff_ffff);
		this.#u32(0xffff_ffff);
		this.#option(optionUserApplication, application);
		this.#u32(optionEnd);
		this.#end(28 + options + 4);
	}

	/** @returns the interface's number, for `frame`. */
	addInterface(name: string): number {
		const length = 20 + optionBytes(name) + 8 + 4;
		this.#begin(interfaceDescription, length);
		this.#u16(linkEthernet);
		this.#u16(0);
		// No limit on a frame's bytes.
		this.#u32(0);
		this.#option(optionName, name);
		this.#u16(optionTimeResolution);
		this.#u16(1);
		this.#u32(nanoseconds);
		this.#u32(optionEnd);
		this.#end(length);
		return this.#interfaces++;
	}

	/** Writes a frame that `number` has seen. A blank checksum is filled in, and the comment says so. */
	frame(number: number, seen: SeenFrame): void {
		assert(number < this.#interfaces, 'a frame is seen at an interface that was described');
		const {bytes, at, direction} = seen;
		const fills = seen.checksumBlank && this.#transport.find(bytes);
		const comment = commentOf(seen, fills);
		const commentBytes = comment === '' ? 0 : optionBytes(comment);
		const length = packetBlockBytes + padded(bytes.length) + packetOptionBytes + commentBytes;
		this.#begin(enhancedPacket, length);
		this.#u32(number);
		this.#u32(Math.floor(at / 4_294_967_296));
		this.#u32(at % 4_294_967_296);
		this.#u32(bytes.length);
		this.#u32(bytes.length);
		this.#packet(bytes, fills);
		this.#u16(optionFlags);
		this.#u16(4);
		this.#u32(direction === 'inbound' ? directionInbound : directionOutbound);
		if (comment !== '') {
			this.#option(optionComment, comment);
		}

		this.#u32(optionEnd);
		this.#end(length);
	}

	/** Hands out what is written so far. */
	flush(): void {
		if (this.#used > 0) {
			this.sink(new Uint8Array(this.#buffer.subarray(0, this.#used)), this.#written);
			this.#written += this.#used;
			this.#used = 0;
		}
	}

	#packet(bytes: PacketBuffer, fills: boolean): void {
		const start = this.#used;
		for (let i = 0; i < bytes.chunks; i++) {
			const from = bytes.offsets[i];
			this.#used += bytes.memory[i].copy(this.#buffer, this.#used, from, from + bytes.lengths[i]);
		}

		assert(this.#used === start + bytes.length, 'a packet is as long as its chunks');
		if (fills) {
			this.#copy.clear();
			this.#copy.add(this.#buffer, start, bytes.length);
			this.#transport.fill(this.#copy);
		}

		this.#pad();
	}

	#begin(type: number, length: number): void {
		if (this.#used + length > this.#buffer.length) {
			this.flush();
		}

		assert(length <= this.#buffer.length, 'a block fits into a chunk');
		this.#u32(type);
		this.#u32(length);
	}

	#end(length: number): void {
		this.#u32(length);
		assert(this.#buffer.readUInt32LE(this.#used - length + 4) === length, 'a block is as long as it says');
	}

	#option(code: number, text: string): void {
		const length = Buffer.byteLength(text);
		this.#u16(code);
		this.#u16(length);
		this.#used += this.#buffer.write(text, this.#used);
		this.#pad();
	}

	#pad(): void {
		const end = padded(this.#used);
		this.#buffer.fill(0, this.#used, end);
		this.#used = end;
	}

	#u16(value: number): void {
		this.#used = this.#buffer.writeUInt16LE(value, this.#used);
	}

	#u32(value: number): void {
		this.#used = this.#buffer.writeUInt32LE(value, this.#used);
	}
}

function optionBytes(text: string): number {
	return 4 + padded(Buffer.byteLength(text));
}

/** What a capture says beside the bytes; '' for nothing. */
function commentOf({segmentSize, note, bytes}: SeenFrame, filled: boolean): string {
	if (!filled && segmentSize === 0) {
		return note;
	}

	const parts = note === '' ? [] : [note];
	if (segmentSize > 0) {
		parts.push(`one packet of ${bytes.length} bytes, to be cut into segments of ${segmentSize}`);
	}

	if (filled) {
		parts.push('checksum left blank by the sender, filled in here');
	}

	return parts.join('; ');
}
