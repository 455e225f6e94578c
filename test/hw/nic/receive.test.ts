/** What becomes of frames that arrive at an 82540EM: filters, buffers, descriptors, checksums, the FIFO. After the SDM §3.2. */
import {describe, expect, it} from 'vitest';
import {frameCheck} from '../../../source/hw/nic/frame-check.js';
import {frameTo, mac, NicPoker, name, receiveData, rxdmt0, rxo, rxt0, toUs} from '../../support/nic-poker.js';

/** RCTL: SBP, UPE, MPE, LPE. */
const sbp = 4;
const upe = 8;
const mpe = 16;
const lpe = 32;

describe('a frame for us', () => {
	it('is in the head’s buffer at once, with DD, EOP and its length; RXT0', () => {
		const poker = new NicPoker().receiver();
		const bytes = toUs(100);
		poker.deliver(bytes);
		expect(poker.received(0)).toMatchObject({length: 100, status: 1 | 2 | 4, errors: 0});
		expect(poker.bytes(0, 100)).toEqual(bytes);
		expect(poker.read(0x2810)).toBe(1);
		expect(poker.read(0xc0)).toBe(rxt0);
		expect(poker.wire.out).toBe(0);
	});

	it('without SECRC has its FCS behind it', () => {
		const poker = new NicPoker().receiver();
		poker.write(0x100, 0x8002);
		const bytes = Buffer.concat([mac, Buffer.from('12345678901234567890123456789012345678901234567890123456')]);
		poker.deliver(bytes);
		expect(poker.received(0).length).toBe(bytes.length + 4);
		expect(poker.bytes(0, bytes.length + 4).readUInt32LE(bytes.length)).toBe(frameCheck(bytes, bytes.length));
	});

	it.each([
		[0x0000_0000, 2048],
		[0x0001_0000, 1024],
		[0x0002_0000, 512],
		[0x0003_0000, 256],
		[0x0203_0000, 4096],
		[0x0202_0000, 8192],
		[0x0201_0000, 16_384],
	])('by BSIZE and BSEX %i, fills buffers of %i bytes; only the last descriptor has EOP and status', (size, buffer) => {
		const poker = new NicPoker().receiver(64, 63, size | lpe);
		// Buffers that follow each other: what fills them is the frame in a row.
		for (let i = 0; i < 40; i++) poker.offer(i, receiveData * 4096 + i * buffer);
		const bytes = toUs(9000);
		poker.deliver(bytes);
		const used = Math.ceil(9000 / buffer);
		for (let i = 0; i < used; i++) {
			const last = i === used - 1;
			expect(poker.received(i)).toMatchObject({
				length: last ? 9000 - i * buffer : buffer,
				status: last ? 7 : 1,
			});
		}
		expect(poker.received(used).status).toBe(0);
		const stored = Buffer.concat([poker.bytes(0, 4096), poker.bytes(1, 4096), poker.bytes(2, 808)]);
		expect(stored).toEqual(bytes);
	});

	it('may lie at any alignment and over a page boundary', () => {
		const poker = new NicPoker().receiver();
		poker.offer(0, receiveData * 4096 + 4001);
		const bytes = toUs(1514);
		poker.deliver(bytes);
		const pages = Buffer.concat([poker.bytes(0, 4096), poker.bytes(1, 4096)]);
		expect(pages.subarray(4001, 4001 + 1514)).toEqual(bytes);
	});

	it('hands its identity on by its last descriptor', () => {
		const poker = new NicPoker().receiver(64, 63, 0x0002_0000);
		const request = poker.engine.trace.begin();
		poker.deliver(toUs(1000), false, request);
		poker.deliver(toUs(100));
		expect([0, 1, 2].map((i) => poker.nic.receivedIdentity(i))).toEqual([0, request, 0]);
		expect(poker.engine.trace.whereIs(request)?.point).toBe(`${name} received`);
	});
});

describe('filters', () => {
	const other = Uint8Array.of(0x00, 0x16, 0x3e, 0x12, 0x34, 0x57);
	const broadcast = Uint8Array.of(255, 255, 255, 255, 255, 255);
	const multicast = Uint8Array.of(0x01, 0x00, 0x5e, 0x00, 0x93, 0xbc);
	/** The SDM's example (Figure 13-2): row 94, bit 9 with MO 0. */
	const hashed = (poker: NicPoker) => poker.write(0x5200 + 94 * 4, 1 << 9);
	const rows: [string, Uint8Array, number, boolean, boolean, ((poker: NicPoker) => void)?][] = [
		['our address', mac, 0, true, false],
		['another station’s', other, 0, false, false],
		['another station’s with UPE', other, upe, true, true],
		['another station’s with MPE', other, mpe, false, false],
		[
			'a second address of RAL/RAH',
			other,
			0,
			true,
			false,
			(poker) => {
				poker.write(0x5408, 0x123e_1600);
				poker.write(0x540c, 0x8000_5734);
			},
		],
		[
			'a second address without AV',
			other,
			0,
			false,
			false,
			(poker) => {
				poker.write(0x5408, 0x123e_1600);
				poker.write(0x540c, 0x5734);
			},
		],
		['our address, once RAH0.AV is clear', mac, 0, false, false, (poker) => poker.write(0x5404, 0x5634)],
		['broadcast with BAM', broadcast, 0, true, false],
		['broadcast without BAM', broadcast, 0, false, false, (poker) => poker.write(0x100, 0x0400_0002)],
		['broadcast by MPE', broadcast, 0, true, true, (poker) => poker.write(0x100, 0x0400_0012)],
		['a multicast address nobody asked for', multicast, 0, false, false],
		['a multicast address with MPE', multicast, mpe, true, true],
		['a multicast address with UPE only', multicast, upe, false, false],
		['a multicast address in the hash table', multicast, 0, true, true, hashed],
		['a multicast address in the hash table by other bits (MO 1)', multicast, 1 << 12, false, false, hashed],
		[
			'a multicast address by bits 43:32 (MO 3)',
			multicast,
			3 << 12,
			true,
			true,
			(poker) => poker.write(0x5200 + (0xc93 >> 5) * 4, 1 << (0xc93 & 31)),
		],
		[
			'a multicast address in RAL/RAH',
			multicast,
			0,
			true,
			false,
			(poker) => {
				poker.write(0x5478, 0x005e_0001);
				poker.write(0x547c, 0x8000_bc93);
			},
		],
	];
	it.each(rows)('%s', (_what, destination, extra, passes, inexact, prepare) => {
		const poker = new NicPoker().receiver(64, 63, extra);
		prepare?.(poker);
		poker.deliver(frameTo(destination, 100));
		expect(poker.received(0).status).toBe(passes ? 7 | (inexact ? 0x80 : 0) : 0);
		expect(poker.read(0x40d0)).toBe(1);
		expect(poker.read(0x4074)).toBe(passes ? 1 : 0);
		expect(poker.wire.out).toBe(0);
	});
});

describe('frames that are not good', () => {
	const rows: [string, number, boolean, number, number | null, number, [number, ...number[]]][] = [
		['with a wrong FCS are dropped', 100, true, 0, null, 0, [0x4000]],
		['with a wrong FCS, with SBP, are stored with CE', 100, true, sbp, 100, 1, [0x4000]],
		['shorter than 64 bytes', 59, false, 0, null, 0, [0x40a4, 0x4040]],
		['shorter than 64 bytes, with SBP', 59, false, sbp, 59, 0, [0x40a4, 0x4040]],
		['shorter and with a wrong FCS', 59, true, 0, null, 0, [0x40a8, 0x4040]],
		['longer than 1522 bytes', 1519, false, 0, null, 0, [0x40ac, 0x4040]],
		['longer than 1522 bytes with a wrong FCS', 1519, true, 0, null, 0, [0x40b0, 0x4040, 0x4000]],
		['of 1522 bytes are good', 1518, false, 0, 1518, 0, [0x4074]],
		['longer than 1522 bytes, with LPE, are good', 1519, false, lpe, 1519, 0, [0x4074]],
		['longer than 16384 bytes, with LPE', 16_381, false, lpe, null, 0, [0x40ac, 0x4040]],
	];
	it.each(rows)('%s', (_what, length, damaged, extra, stored, errors, counted) => {
		const poker = new NicPoker().receiver(64, 63, extra | 0x0201_0000);
		for (let i = 0; i < 8; i++) poker.offer(i, (receiveData + 8 * i) * 4096);
		poker.deliver(toUs(length), damaged);
		expect(poker.received(0)).toMatchObject({
			length: stored ?? 0,
			status: stored === null ? 0 : 7,
			errors,
		});
		for (const register of counted) expect([register, poker.read(register)]).toEqual([register, 1]);
		expect(poker.read(0xc0)).toBe(stored === null ? 0 : rxt0);
		expect(poker.wire.out).toBe(0);
	});
});

describe('without descriptors', () => {
	it('frames wait in the FIFO, counted by RNBC, until the tail moves; then all are there in order', () => {
		const poker = new NicPoker().receiver(64, 0);
		for (let i = 0; i < 5; i++) poker.deliver(toUs(1514, i));
		expect(poker.read(0x40a0)).toBe(5);
		expect(poker.read(0xc0)).toBe(0);
		poker.write(0x2818, 3);
		poker.run();
		for (let i = 0; i < 3; i++) expect(poker.bytes(i, 1514)).toEqual(toUs(1514, i));
		expect(poker.received(3).status).toBe(0);
		expect(poker.read(0x2810)).toBe(3);
		poker.write(0x2818, 6);
		poker.run();
		expect(poker.bytes(4, 1514)).toEqual(toUs(1514, 4));
		expect(poker.wire.out).toBe(0);
	});

	it('48 KiB fill; the next frame is missed: MPC, RXO, and it is in TPR but not in GPRC', () => {
		const poker = new NicPoker().receiver(64, 0);
		// Each takes 1518 bytes and a header of 16, in units of 16: 32 of 1536 bytes.
		for (let i = 0; i < 33; i++) poker.deliver(toUs(1514, i));
		expect(poker.read(0x4010)).toBe(1);
		expect(poker.read(0xc0)).toBe(rxo);
		expect(poker.read(0x40d0)).toBe(33);
		expect(poker.read(0x4074)).toBe(32);
		poker.write(0x2818, 63);
		poker.run();
		expect(poker.bytes(31, 1514)).toEqual(toUs(1514, 31));
		expect(poker.received(32).status).toBe(0);
	});

	it('PBA moves the boundary: 8 KiB for reception, 56 for transmission', () => {
		const poker = new NicPoker().receiver(64, 0);
		poker.write(0x1000, 8);
		expect(poker.read(0x1000)).toBe((56 << 16) | 8);
		for (let i = 0; i < 6; i++) poker.deliver(toUs(1514, i));
		expect(poker.read(0x4010)).toBe(1);
	});

	it('a frame larger than the buffers at hand fills those, and the rest when there are more', () => {
		const poker = new NicPoker().receiver(64, 2, 0x0002_0000);
		for (let i = 0; i < 8; i++) poker.offer(i, receiveData * 4096 + i * 512);
		const bytes = toUs(1300);
		poker.deliver(bytes);
		expect([0, 1].map((i) => poker.received(i))).toMatchObject([
			{length: 512, status: 1},
			{length: 512, status: 1},
		]);
		expect(poker.read(0xc0) & rxt0).toBe(0);
		poker.write(0x2818, 8);
		poker.run();
		expect(poker.received(2)).toMatchObject({length: 276, status: 7});
		expect(poker.bytes(0, 1300)).toEqual(bytes);
		expect(poker.read(0xc0) & rxt0).toBe(rxt0);
	});

	it.each([
		[0, 32],
		[1, 16],
		[2, 8],
	])('RXDMT0 comes when the free ones fall to RDMTS %i: %i of 64', (rdmts, left) => {
		const poker = new NicPoker().receiver(64, 40, rdmts << 8);
		for (let i = 0; i < 40 - left - 1; i++) poker.deliver(toUs(60));
		expect(poker.read(0xc0) & rxdmt0).toBe(0);
		poker.deliver(toUs(60));
		expect(poker.read(0xc0) & rxdmt0).toBe(rxdmt0);
		poker.deliver(toUs(60));
		expect(poker.read(0xc0) & rxdmt0).toBe(0);
	});
});

describe('the receive interrupt', () => {
	it('waits for RDTR after the last frame, in units of 1.024 µs', () => {
		const poker = new NicPoker().receiver();
		poker.write(0x2820, 50);
		poker.write(0xd0, rxt0);
		poker.deliver(toUs(60));
		poker.run(30_000);
		poker.deliver(toUs(60));
		poker.run(1_000_000);
		expect(poker.delivered).toEqual([30_000 + 51_200]);
	});

	it('comes RADV after the first frame at the latest', () => {
		const poker = new NicPoker().receiver();
		poker.write(0x2820, 50);
		poker.write(0x282c, 100);
		poker.write(0xd0, rxt0);
		for (let i = 0; i < 10; i++) {
			poker.deliver(toUs(60));
			poker.run(20_000);
		}
		poker.run(1_000_000);
		expect(poker.delivered).toEqual([102_400, 120_000 + 102_400]);
	});

	it('comes at once by RDTR.FPD, and RDTR 0 disables RADV', () => {
		const poker = new NicPoker().receiver();
		poker.write(0xd0, rxt0);
		poker.write(0x2820, 50);
		poker.deliver(toUs(60));
		poker.write(0x2820, 50 | (1 << 31));
		expect(poker.delivered).toEqual([0]);
		expect(poker.read(0x2820)).toBe(50);
		poker.write(0x2820, 0);
		poker.write(0x282c, 100);
		poker.run(5000);
		poker.deliver(toUs(60));
		poker.run();
		expect(poker.delivered).toEqual([0, 5000]);
	});
});
