/** The Internet checksum held against a sum of one word at a time, at every alignment and cut; the vector of RFC 1071. */
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {combine, finish, pseudoHeader, sumOf, sumOfPacket, update} from '../../source/net/checksum.js';
import {PacketBuffer} from '../../source/net/packet-buffer.js';

/** RFC 1071, word by word; an odd last byte is the high half of its word. */
function naiveSum(bytes: Uint8Array): number {
	let sum = 0;
	for (let i = 0; i < bytes.length; i += 2) {
		sum += bytes[i] * 256 + (bytes[i + 1] ?? 0);
		sum = sum > 0xffff ? sum - 0xffff : sum;
	}

	return sum;
}

describe('the sum', () => {
	test('of the example of RFC 1071 is ddf2', () => {
		const example = Buffer.from('0001f203f4f5f6f7', 'hex');
		expect(sumOf(example, 0, example.length)).toBe(0xddf2);
	});

	test('of any bytes at any alignment is that of their words', () => {
		fc.assert(
			fc.property(fc.uint8Array({maxLength: 300}), fc.nat(9), fc.nat(9), (bytes, before, within) => {
				// The buffer itself begins anywhere in its memory, and the range anywhere in the buffer.
				const memory = Buffer.from(new ArrayBuffer(before + within + bytes.length), before);
				memory.set(bytes, within);
				expect(sumOf(memory, within, bytes.length)).toBe(naiveSum(bytes));
			}),
		);
	});

	test.each([65_535, 65_534, 65_532])('of %i bytes of ones does not overflow', (length) => {
		const memory = Buffer.alloc(length, 0xff);
		expect(sumOf(memory, 0, length)).toBe(naiveSum(memory));
	});

	test('of a packet in chunks is that of its bytes in a row', () => {
		const chunk = fc.uint8Array({maxLength: 40});
		fc.assert(
			fc.property(fc.array(chunk, {minLength: 1, maxLength: 6}), fc.nat(60), fc.nat(200), (chunks, from, bytes) => {
				const packet = new PacketBuffer(6);
				for (const [index, part] of chunks.entries()) {
					const memory = Buffer.alloc(index + part.length + 3);
					memory.set(part, index);
					packet.add(memory, index, part.length);
				}

				const row = Buffer.concat(chunks);
				const end = Math.min(row.length, from + bytes);
				expect(sumOfPacket(packet, from, end)).toBe(naiveSum(row.subarray(from, end)));
			}),
		);
	});

	test('of a range is combined from those of its parts', () => {
		fc.assert(
			fc.property(fc.uint8Array({maxLength: 50}), fc.uint8Array({maxLength: 50}), (first, second) => {
				expect(combine(naiveSum(first), first.length, naiveSum(second))).toBe(naiveSum(Buffer.concat([first, second])));
			}),
		);
	});
});

describe('the checksum', () => {
	test('of data that include it is 0', () => {
		fc.assert(
			fc.property(fc.uint8Array({minLength: 4, maxLength: 100}), (bytes) => {
				const memory = Buffer.from(bytes);
				memory.writeUInt16BE(0, 2);
				memory.writeUInt16BE(finish(sumOf(memory, 0, memory.length)), 2);
				expect(finish(sumOf(memory, 0, memory.length))).toBe(0);
			}),
		);
	});

	test('follows a changed word without the rest', () => {
		const word = fc.integer({min: 0, max: 0xffff});
		fc.assert(
			fc.property(fc.uint8Array({minLength: 4, maxLength: 40}), word, (bytes, after) => {
				// A header is never all zeros: ones' complement has two zeros, and RFC 1624 cannot tell which one is meant.
				const memory = Buffer.concat([Buffer.from([0x45, 0]), bytes]);
				const before = memory.readUInt16BE(2);
				const checksum = finish(sumOf(memory, 0, memory.length));
				memory.writeUInt16BE(after, 2);
				expect(update(checksum, before, after)).toBe(finish(sumOf(memory, 0, memory.length)));
			}),
		);
	});

	test('covers a pseudo header of addresses, protocol and length', () => {
		fc.assert(
			fc.property(
				fc.integer(),
				fc.integer(),
				fc.constantFrom(6, 17),
				fc.nat(65_535),
				(source, target, protocol, length) => {
					const bytes = Buffer.alloc(12);
					bytes.writeInt32BE(source, 0);
					bytes.writeInt32BE(target, 4);
					bytes[9] = protocol;
					bytes.writeUInt16BE(length, 10);
					expect(pseudoHeader(source, target, protocol, length)).toBe(naiveSum(bytes));
				},
			),
		);
	});
});
