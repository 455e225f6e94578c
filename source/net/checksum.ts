/**
The Internet checksum: ones' complement sum of 16-bit words (RFC 1071), and its update when one word changes (RFC 1624). The sum does
not depend on the order of bytes within words but for a final swap, so memory is read in words of the machine, which is little-endian as
the simulated one is (see hw/memory.ts).

A *sum* here is folded to 16 bits, of words in network order counted from the first byte of its range. A *checksum* is the complement
of a sum, as it stands in a header.
*/
import {placeOf} from '../engine/bytes.js';
import type {PacketBuffer} from './packet-buffer.js';

/** Sum of `length` bytes (at most 65,535) from `offset` of `memory` on, at any alignment. */
export function sumOf(memory: Buffer, offset: number, length: number): number {
	const {bytes, words, base} = placeOf(memory);
	const first = base + offset;
	const end = first + length;
	let at = first;
	// Bytes before the first whole word and after the last one: even ones are the high halves of their words.
	let loose = 0;
	for (; at < end && (at & 3) !== 0; at++) {
		loose += ((at - first) & 1) === 0 ? bytes[at] << 8 : bytes[at];
	}

	const count = (end - at) >> 2;
	let sum = 0;
	if (count > 0) {
		sum = sumOfWords(words, at >> 2, count);
		if (((at - first) & 1) === 0) {
			sum = swap(sum);
		}

		at += count << 2;
	}

	for (; at < end; at++) {
		loose += ((at - first) & 1) === 0 ? bytes[at] << 8 : bytes[at];
	}

	return fold(sum + loose);
}

/** Sum of a packet's bytes from `offset` to `end`, whatever chunks they lie in. */
export function sumOfPacket(packet: PacketBuffer, offset: number, end: number): number {
	let sum = 0;
	let start = 0;
	let odd = false;
	for (let chunk = 0; chunk < packet.chunks && start < end; chunk++) {
		const from = Math.max(offset, start);
		const to = Math.min(end, start + packet.lengths[chunk]);
		if (to > from) {
			const part = sumOf(packet.memory[chunk], packet.offsets[chunk] + from - start, to - from);
			sum += odd ? swap(part) : part;
			odd = odd !== (((to - from) & 1) === 1);
		}

		start += packet.lengths[chunk];
	}

	return fold(sum);
}

/** Sum of a range from the sums of its two parts; `firstBytes` is the length of the first. */
export function combine(first: number, firstBytes: number, second: number): number {
	return fold(first + ((firstBytes & 1) === 0 ? second : swap(second)));
}

/** Sum of the pseudo header of TCP and UDP: addresses (32 bits), protocol, bytes of transport header and payload. */
export function pseudoHeader(source: number, destination: number, protocol: number, length: number): number {
	return fold(
		(source >>> 16) + (source & 0xffff) + (destination >>> 16) + (destination & 0xffff) + protocol + (length & 0xffff),
	);
}

/** The checksum of everything that was summed: right data whose checksum is included give 0. */
export function finish(sum: number): number {
	return ~sum & 0xffff;
}

/** The checksum after one 16-bit word of what it covers changed from `before` to `after` (RFC 1624, equation 3). */
export function update(checksum: number, before: number, after: number): number {
	return ~fold((~checksum & 0xffff) + (~before & 0xffff) + after) & 0xffff;
}

/** Brings a sum of up to 2^16 16-bit words back to 16 bits. */
export function fold(sum: number): number {
	const once = (sum >>> 16) + (sum & 0xffff);
	return (once >>> 16) + (once & 0xffff);
}

function swap(sum: number): number {
	return ((sum & 0xff) << 8) | (sum >>> 8);
}

/**
Folded sum of `count` little-endian words (at most 16,384). Two additions for each word: of the word, modulo 2^32, and of its upper
half; what the lower halves add up to is the difference, and both fit in 32 bits.
*/
function sumOfWords(view: Int32Array, first: number, count: number): number {
	const end = first + count;
	const unrolled = first + (count & ~3);
	let all = 0;
	let upper = 0;
	let at = first;
	for (; at < unrolled; at += 4) {
		const a = view[at];
		const b = view[at + 1];
		const c = view[at + 2];
		const d = view[at + 3];
		all = (all + a + b + c + d) | 0;
		upper = (upper + (a >>> 16) + (b >>> 16) + (c >>> 16) + (d >>> 16)) | 0;
	}

	for (; at < end; at++) {
		all = (all + view[at]) | 0;
		upper = (upper + (view[at] >>> 16)) | 0;
	}

	const lower = (all - (upper << 16)) | 0;
	return fold(fold(lower) + fold(upper));
}
