/** Messages and the ring page, byte by byte, in pieces of any size, across the wrap of the indices. */
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {requestConsumer, requestProducer, responseProducer, StoreRingEnd} from '../../../source/sim/xenstore/ring.js';
import {
	encodeMessage,
	type Message,
	MessageAssembler,
	payloadOf,
	stringsOf,
} from '../../../source/sim/xenstore/wire.js';

const message = fc.record({
	type: fc.integer({min: 0, max: 26}),
	requestId: fc.integer({min: 0, max: 0xffffffff}),
	transaction: fc.integer({min: 0, max: 0xffffffff}),
	payload: fc.uint8Array({maxLength: 3000}).map((bytes) => Buffer.from(bytes)),
});

describe('a message', () => {
	it('is a little-endian header and its payload', () => {
		const bytes = encodeMessage(11, 0x01020304, 7, Buffer.from('/a\0x'));
		expect(bytes.toString('hex')).toBe(`0b00000004030201${'0700000004000000'}${Buffer.from('/a\0x').toString('hex')}`);
	});

	it('is put together from pieces of any size', () => {
		fc.assert(
			fc.property(fc.array(message, {maxLength: 5}), fc.array(fc.integer({min: 1, max: 50})), (messages, sizes) => {
				const bytes = Buffer.concat(
					messages.map(({type, requestId, transaction, payload}) =>
						encodeMessage(type, requestId, transaction, payload),
					),
				);
				const assembler = new MessageAssembler();
				const found: Message[] = [];
				let at = 0;
				for (let turn = 0; at < bytes.length; turn++) {
					const size = sizes.length === 0 ? 1000 : sizes[turn % sizes.length];
					const count = Math.min(size, assembler.wanted, bytes.length - at);
					bytes.copy(assembler.buffer, assembler.used, at, at + count);
					assembler.used += count;
					at += count;
					if (assembler.complete) found.push(assembler.take());
				}

				expect(found).toEqual(messages);
			}),
			{seed: 1, numRuns: 100},
		);
	});

	it('may announce 4096 bytes and no more', () => {
		const assembler = new MessageAssembler();
		encodeMessage(2, 0, 0, Buffer.alloc(0)).copy(assembler.buffer);
		assembler.used = 16;
		assembler.buffer.writeUInt32LE(4096, 12);
		expect([assembler.broken, assembler.wanted]).toEqual([false, 4096]);
		assembler.buffer.writeUInt32LE(4097, 12);
		expect([assembler.broken, assembler.complete]).toEqual([true, false]);
	});
});

describe('a payload', () => {
	it('is strings that end with NUL; what follows the last is none', () => {
		expect(stringsOf(Buffer.from('a\0b\0c'))).toEqual(['a', 'b']);
		expect(stringsOf(payloadOf([]))).toEqual([]);
		expect(payloadOf(['a', '']).toString()).toBe('a\0\0');
	});
});

describe('the ring page', () => {
	it('carries bytes in order both ways, whatever the indices and the sizes', () => {
		fc.assert(
			fc.property(
				fc.constantFrom(0, 1000, 0x7ffffff0, 0xfffffff0, 0xfffffc00),
				fc.array(fc.tuple(fc.boolean(), fc.boolean(), fc.integer({min: 0, max: 1500})), {maxLength: 60}),
				(start, actions) => {
					const words = new Int32Array(1024);
					words.fill(start | 0, requestConsumer, responseProducer + 1);
					const ends = [new StoreRingEnd(words, 'domain'), new StoreRingEnd(words, 'xenstored')];
					const sent = [0, 0];
					const received = [0, 0];
					for (const [domain, writes, size] of actions) {
						const side = domain ? 0 : 1;
						if (writes) {
							const data = Buffer.from(Array.from({length: size}, (_, i) => (sent[side] + i) & 0xff));
							const room = ends[side].writable;
							const count = ends[side].write(data, 0);
							expect(count).toBe(Math.min(room, size));
							sent[side] += count;
						} else {
							const into = Buffer.alloc(1600, 0xee);
							const count = ends[side].read(into, 3, size);
							for (let i = 0; i < count; i++) {
								expect(into[3 + i]).toBe((received[side] + i) & 0xff);
							}

							expect(into[3 + count]).toBe(0xee);
							received[side] += count;
						}

						expect(ends[1 - side].readable).toBe(sent[side] - received[1 - side]);
					}
				},
			),
			{seed: 1, numRuns: 100},
		);
	});

	it("says when the other side's index cannot be", () => {
		const words = new Int32Array(1024);
		const domain = new StoreRingEnd(words, 'domain');
		const daemon = new StoreRingEnd(words, 'xenstored');
		words[requestProducer] = 1025;
		expect(daemon.readable).toBe(-1);
		expect(daemon.read(Buffer.alloc(10), 0, 10)).toBe(-1);
		expect(domain.write(Buffer.alloc(10), 0)).toBe(-1);
		words[requestProducer] = 1024;
		expect(daemon.readable).toBe(1024);
		expect(domain.write(Buffer.alloc(10), 0)).toBe(0);
	});
});
