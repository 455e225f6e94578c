/**
TCP headers (RFC 9293) and the three options in use: maximum segment size, window scale and timestamps (RFC 7323). Sequence numbers are
signed 32-bit integers, compared modulo 2^32.
*/
import {read16, read32, write16, write32} from './bytes.js';

export const tcpHeaderBytes = 20;
/** Two no-operations and the timestamps, as everybody writes them. */
export const timestampOptionBytes = 12;
export const tcpChecksum = 16;

export const flagFin = 1;
export const flagSyn = 2;
export const flagRst = 4;
export const flagPsh = 8;
export const flagAck = 16;
export const flagUrg = 32;

const optionEnd = 0;
const optionNothing = 1;
const optionMss = 2;
const optionScale = 3;
const optionTimestamps = 8;
/** Largest window scale (RFC 7323 2.3). */
export const largestScale = 14;

export function tcpSourcePort(memory: Buffer, offset: number): number {
	return read16(memory, offset);
}

export function tcpDestinationPort(memory: Buffer, offset: number): number {
	return read16(memory, offset + 2);
}

export function tcpSequence(memory: Buffer, offset: number): number {
	return read32(memory, offset + 4);
}

export function tcpAcknowledgment(memory: Buffer, offset: number): number {
	return read32(memory, offset + 8);
}

/** Bytes of header and options. */
export function tcpHeaderLength(memory: Buffer, offset: number): number {
	return (memory[offset + 12] >> 4) << 2;
}

export function tcpFlags(memory: Buffer, offset: number): number {
	return memory[offset + 13];
}

/** As it stands, not scaled. */
export function tcpWindow(memory: Buffer, offset: number): number {
	return read16(memory, offset + 14);
}

/** @param headerBytes header and options. @param checksum what the field holds for now: the pseudo header's sum when blank. */
export function writeTcp(
	memory: Buffer,
	offset: number,
	sourcePort: number,
	destinationPort: number,
	sequence: number,
	acknowledgment: number,
	headerBytes: number,
	flags: number,
	window: number,
	checksum: number,
): void {
	write16(memory, offset, sourcePort);
	write16(memory, offset + 2, destinationPort);
	write32(memory, offset + 4, sequence);
	write32(memory, offset + 8, acknowledgment);
	memory[offset + 12] = (headerBytes >> 2) << 4;
	memory[offset + 13] = flags;
	write16(memory, offset + 14, window);
	write16(memory, offset + tcpChecksum, checksum);
	write16(memory, offset + 18, 0);
}

/** Writes NOP NOP timestamps (12 bytes). */
export function writeTimestamps(memory: Buffer, offset: number, value: number, echo: number): void {
	memory[offset] = optionNothing;
	memory[offset + 1] = optionNothing;
	memory[offset + 2] = optionTimestamps;
	memory[offset + 3] = 10;
	write32(memory, offset + 4, value);
	write32(memory, offset + 8, echo);
}

/** Writes the options of a SYN; returns their bytes, a multiple of four. `scale` below 0 and `timestamps` false leave those out. */
export function writeSynOptions(
	memory: Buffer,
	offset: number,
	mss: number,
	scale: number,
	timestamps: boolean,
	value: number,
	echo: number,
): number {
	let at = offset;
	memory[at] = optionMss;
	memory[at + 1] = 4;
	write16(memory, at + 2, mss);
	at += 4;
	if (timestamps) {
		writeTimestamps(memory, at, value, echo);
		at += timestampOptionBytes;
	}

	if (scale >= 0) {
		memory[at] = optionNothing;
		memory[at + 1] = optionScale;
		memory[at + 2] = 3;
		memory[at + 3] = scale;
		at += 4;
	}

	return at - offset;
}

/** Bytes `writeSynOptions` will write. */
export function synOptionBytes(scale: number, timestamps: boolean): number {
	return 4 + (timestamps ? timestampOptionBytes : 0) + (scale >= 0 ? 4 : 0);
}

/** The options of one segment. One object is reused for every segment that is read. */
export class TcpOptions {
	/** 0 when absent. */
	mss = 0;
	/** -1 when absent. */
	scale = -1;
	timestamps = false;
	value = 0;
	echo = 0;

	/** Reads the options between the fixed header at `offset` and `headerBytes`; what is malformed ends the reading. */
	read(memory: Buffer, offset: number, headerBytes: number): void {
		this.mss = 0;
		this.scale = -1;
		this.timestamps = false;
		const end = offset + headerBytes;
		let at = offset + tcpHeaderBytes;
		// The usual layout of every segment after the handshake.
		if (headerBytes === tcpHeaderBytes + timestampOptionBytes && read32(memory, at) === 0x0101080a) {
			this.timestamps = true;
			this.value = read32(memory, at + 4);
			this.echo = read32(memory, at + 8);
			return;
		}

		while (at < end && memory[at] !== optionEnd) {
			if (memory[at] === optionNothing) {
				at++;
				continue;
			}

			const length = at + 1 < end ? memory[at + 1] : 0;
			if (length < 2 || at + length > end) {
				return;
			}

			this.take(memory, at, length);
			at += length;
		}
	}

	private take(memory: Buffer, at: number, length: number): void {
		const kind = memory[at];
		if (kind === optionMss && length === 4) {
			this.mss = read16(memory, at + 2);
		} else if (kind === optionScale && length === 3) {
			this.scale = Math.min(largestScale, memory[at + 2]);
		} else if (kind === optionTimestamps && length === 10) {
			this.timestamps = true;
			this.value = read32(memory, at + 2);
			this.echo = read32(memory, at + 6);
		}
	}
}
