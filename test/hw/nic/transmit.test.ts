/** What an 82540EM makes of transmit descriptors: frames, write-back, checksums, pace. After the SDM §3.3. */
import {describe, expect, it} from 'vitest';
import {eop, ic, ide, ifcs, NicPoker, name, rs, transmitData, txdw, txqe, whole} from '../../support/nic-poker.js';

describe('a legacy descriptor', () => {
	it('puts its bytes on the wire, is written back with DD, and says TXDW and, as the last one, TXQE', () => {
		const poker = new NicPoker().transmitter();
		const bytes = poker.transmit(1514);
		expect(poker.wire.sent.map((frame) => frame.bytes)).toEqual([bytes]);
		expect(poker.done(0)).toBe(true);
		expect(poker.read(0x3810)).toBe(1);
		expect(poker.read(0xc0)).toBe(txdw | txqe | 0x8000);
		expect(poker.read(0xc0)).toBe(0);
	});

	it('without RS is not written back', () => {
		const poker = new NicPoker().transmitter();
		poker.transmit(100, eop | ifcs);
		expect(poker.wire.sent).toHaveLength(1);
		expect(poker.done(0)).toBe(false);
		expect(poker.read(0xc0) & txdw).toBe(0);
	});

	it('short of 60 bytes is padded with zeros when TCTL.PSP is set, and not otherwise', () => {
		const poker = new NicPoker().transmitter();
		const bytes = poker.transmit(42);
		poker.write(0x400, 0x0004_0102);
		poker.transmit(42);
		const [padded, plain] = poker.wire.sent;
		expect(padded.bytes).toEqual(Buffer.concat([bytes, Buffer.alloc(18)]));
		expect(plain.bytes).toHaveLength(42);
		expect(poker.read(0x40d4)).toBe(2);
		expect(poker.read(0x4080)).toBe(1);
	});

	it.each([
		['that fits', 0, false],
		['that does not fit', 1, true],
	])('without IFCS ends with software’s own FCS, one %s', (_what, flip, damaged) => {
		// "123456789" has the CRC-32 CBF43926h, a known answer.
		const poker = new NicPoker().transmitter();
		const page = poker.memory.bytes(transmitData);
		page.write('123456789');
		page.writeUInt32LE((0xcbf43926 ^ flip) >>> 0, 9);
		poker.describe(0, transmitData * 4096, 13, eop | rs);
		poker.write(0x3818, 1);
		poker.run();
		expect(poker.wire.sent[0].bytes.toString()).toBe('123456789');
		expect(poker.wire.sent[0].damaged).toBe(damaged);
	});
});

describe('a packet of several descriptors', () => {
	it('is their data in a row, from any alignment and over page boundaries', () => {
		const poker = new NicPoker().transmitter();
		const pieces = [
			[transmitData * 4096 + 4090, 14],
			[(transmitData + 5) * 4096 + 1, 1000],
			[(transmitData + 9) * 4096 + 3900, 486],
		];
		for (let page = 0; page < 12; page++) {
			const bytes = poker.memory.bytes(transmitData + page);
			for (let i = 0; i < 4096; i++) bytes[i] = (i * 7 + page * 13) & 0xff;
		}
		const expected: number[] = [];
		pieces.forEach(([at, length], i) => {
			poker.describe(i, at, length, i === 2 ? whole : ifcs | rs);
			for (let n = 0; n < length; n++) {
				expected.push(poker.memory.bytes(Math.floor((at + n) / 4096))[(at + n) % 4096]);
			}
		});
		poker.write(0x3818, 3);
		poker.run();
		expect(poker.wire.sent).toHaveLength(1);
		expect(poker.wire.sent[0].bytes).toEqual(Buffer.from(expected));
		expect([0, 1, 2].map((i) => poker.done(i))).toEqual([true, true, true]);
	});

	it('waits for the tail to announce its end', () => {
		const poker = new NicPoker().transmitter();
		poker.place(600, ifcs);
		poker.ring();
		poker.run();
		expect(poker.wire.sent).toEqual([]);
		expect(poker.read(0x3810)).toBe(1);
		poker.place(600, whole);
		poker.ring();
		poker.run();
		expect(poker.wire.sent.map((frame) => frame.bytes.length)).toEqual([1200]);
	});

	it('may be as long as 16288 bytes', () => {
		const poker = new NicPoker().transmitter();
		for (let i = 0; i < 4; i++) poker.place(i < 3 ? 4096 : 4000, i < 3 ? ifcs : whole);
		poker.ring();
		poker.run();
		expect(poker.wire.sent.map((frame) => frame.bytes.length)).toEqual([16_288]);
		expect(poker.wire.out).toBe(0);
	});
});

describe('checksum insertion (IC)', () => {
	/** The sum of big-endian 16-bit words from `start`, folded, done plainly. */
	function plainSum(bytes: Buffer, start: number): number {
		let sum = 0;
		for (let i = start; i < bytes.length; i += 2) sum += (bytes[i] << 8) | (bytes[i + 1] ?? 0);
		while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
		return sum;
	}

	it.each([
		[1514, 34, 50],
		[1513, 34, 50],
		[90, 34, 40],
		[61, 14, 24],
		[77, 15, 29],
	])('of %i bytes from %i on, at %i: the complement of the sum over what was there', (length, css, cso) => {
		const poker = new NicPoker().transmitter();
		const bytes = poker.place(length, whole | ic, css, cso);
		poker.ring();
		poker.run();
		const expected = Buffer.from(bytes);
		expected.writeUInt16BE(~plainSum(bytes, css) & 0xffff, cso);
		expect(poker.wire.sent[0].bytes).toEqual(expected);
	});

	it.each([
		['CSS', 100, 50],
		['CSO', 34, 99],
	])('is ignored when %s is beyond the packet', (_what, css, cso) => {
		const poker = new NicPoker().transmitter();
		const bytes = poker.place(100, whole | ic, css, cso);
		poker.ring();
		poker.run();
		expect(poker.wire.sent[0].bytes).toEqual(bytes);
	});

	it('takes CSS and CSO from the first descriptor and IC from the last', () => {
		const poker = new NicPoker().transmitter();
		const first = poker.place(54, ifcs, 34, 50);
		const second = poker.place(100, whole | ic, 7, 9);
		poker.ring();
		poker.run();
		const expected = Buffer.concat([first, second]);
		expected.writeUInt16BE(~plainSum(expected, 34) & 0xffff, 50);
		expect(poker.wire.sent[0].bytes).toEqual(expected);
	});
});

describe('the pace of the wire', () => {
	it.each([
		[1514, 12_304, 81_274],
		[60, 672, 1_488_095],
	])('%i bytes: a frame every %i ns, %i a second', (length, interval, perSecond) => {
		const poker = new NicPoker().transmitter(256);
		for (let i = 0; i < 250; i++) poker.place(length);
		poker.ring();
		poker.run(20_000_000);
		const {sent} = poker.wire;
		expect(sent).toHaveLength(250);
		expect(sent[249].at - sent[0].at).toBe(249 * interval);
		expect(Math.floor(1_000_000_000 / interval)).toBe(perSecond);
	});

	it('a ring kept full never leaves the wire idle, at an event a frame', () => {
		const poker = new NicPoker().transmitter();
		for (let i = 0; i < 60; i++) poker.place(1514);
		poker.ring();
		poker.run(1000);
		const before = poker.engine.executed;
		let frames = poker.wire.sent.length;
		for (let round = 0; round < 50; round++) {
			poker.run(12_304 * 20);
			for (let i = 0; i < 20; i++) poker.place(1514);
			poker.ring();
		}
		frames = poker.wire.sent.length - frames;
		expect(frames).toBe(1000);
		expect(poker.engine.executed - before).toBe(1000);
	});

	it('data is read ahead into the FIFO: descriptors are done as far as 16 KiB reach', () => {
		const poker = new NicPoker().transmitter();
		for (let i = 0; i < 30; i++) poker.place(1514);
		poker.ring();
		poker.run(700);
		// Ten frames of 1536 bytes with their headers; the first has left for the wire, an eleventh waits for its end.
		expect(poker.read(0x3810)).toBe(10);
		poker.run(12_304);
		expect(poker.read(0x3810)).toBe(12);
	});
});

describe('the interrupt of a descriptor with IDE', () => {
	it('waits for TIDV, restarted by each such descriptor, in units of 1.024 µs', () => {
		const poker = new NicPoker().transmitter();
		poker.write(0x3820, 100);
		poker.write(0xd0, txdw);
		poker.place(60, whole | ide);
		poker.ring();
		poker.run(50_000);
		poker.place(60, whole | ide);
		poker.ring();
		poker.run(102_000);
		expect(poker.delivered).toEqual([]);
		poker.run(1000);
		expect(poker.delivered).toEqual([50_600 + 102_400]);
	});

	it('comes at TADV after the first at the latest, and once', () => {
		const poker = new NicPoker().transmitter();
		poker.write(0x3820, 100);
		poker.write(0x382c, 200);
		poker.write(0xd0, txdw);
		for (let i = 0; i < 5; i++) {
			poker.place(60, whole | ide);
			poker.ring();
			poker.run(50_000);
		}
		expect(poker.delivered).toEqual([600 + 204_800]);
		poker.run(10_000_000);
		expect(poker.delivered).toHaveLength(1);
	});

	it('comes at once with a descriptor without IDE, and the timer stops', () => {
		const poker = new NicPoker().transmitter();
		poker.write(0x3820, 1000);
		poker.write(0xd0, txdw);
		poker.place(60, whole | ide);
		poker.place(60, whole);
		poker.ring();
		poker.run(10_000_000);
		expect(poker.delivered).toEqual([600]);
	});
});

describe('TXD_LOW', () => {
	it('comes when the descriptors left fall to 8 × LWTHRESH, not before and not after', () => {
		const poker = new NicPoker().transmitter();
		const low = 1 << 15;
		poker.write(0x3828, 2 << 25);
		for (let i = 0; i < 30; i++) poker.place(1514);
		poker.ring();
		// Ten are read ahead at once, one more with each frame that leaves.
		poker.run(700 + 3 * 12_304);
		expect(poker.read(0x3810)).toBe(14);
		expect(poker.read(0xc0) & low).toBe(low);
		poker.run();
		expect(poker.read(0x3810)).toBe(30);
		expect(poker.read(0xc0) & low).toBe(0);
	});
});

describe('the trace', () => {
	it('a frame carries its request’s identity from its first descriptor to the wire', () => {
		const poker = new NicPoker().transmitter();
		const request = poker.engine.trace.begin();
		const asked: number[] = [];
		poker.nic.packetIdentity = (descriptor) => {
			asked.push(descriptor);
			return descriptor === 2 ? request : 0;
		};
		poker.transmit(100);
		poker.transmit(100);
		poker.place(60, ifcs);
		poker.place(60);
		poker.ring();
		poker.run();
		expect(asked).toEqual([0, 1, 2]);
		expect(poker.wire.sent.map((frame) => frame.identity)).toEqual([0, 0, request]);
		expect(poker.engine.trace.whereIs(request)?.point).toBe(`${name} wire`);
	});
});
