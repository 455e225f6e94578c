/**
Every misprogramming of an 82540EM's transmit ring that we can think of, one a row, and what comes of it: what the SDM (317453)
says, or where it says nothing what the model does and its files' headers say. After each, a reset and proper programming work again.
*/
import {describe, expect, it} from 'vitest';
import {IommuContext} from '../../../source/hw/iommu.js';
import {NicPoker, name, onlyBelow, recovers, transmitData, transmitRing, txdw, whole} from '../../support/nic-poker.js';

const page = 4096;
const data = transmitData * page;

type Row = [string, (poker: NicPoker) => void];

describe('a transmit ring', () => {
	const sent = (poker: NicPoker) => poker.wire.sent.map((frame) => frame.bytes.length);
	const stopped = (poker: NicPoker, why: string) => {
		poker.run();
		expect(poker.nic.transmitter.stopped).toBe(why);
		expect(poker.wire.sent).toEqual([]);
		expect(poker.read(0xc0) & txdw).toBe(0);
	};
	const rows: Row[] = [
		[
			'used before TCTL.EN: nothing, until it is set',
			(p) => {
				p.write(0x400, 0x0004_0108);
				p.transmit(60);
				expect(sent(p)).toEqual([]);
				expect(p.read(0x3810)).toBe(0);
				p.write(0x400, 0x0004_010a);
				p.run();
				expect(sent(p)).toEqual([60]);
			},
		],
		[
			'TCTL.EN cleared under way: the frame on the wire leaves, the FIFO keeps its frames until it is set again',
			(p) => {
				for (let i = 0; i < 8; i++) p.place(1514);
				p.ring();
				p.run(5000);
				p.write(0x400, 0x0004_0108);
				p.run();
				expect(sent(p)).toHaveLength(1);
				p.write(0x400, 0x0004_010a);
				p.run();
				expect(sent(p)).toHaveLength(8);
			},
		],
		[
			'used without CTRL.SLU: no link, nothing leaves',
			(p) => {
				p.write(0, 0x201);
				p.transmit(60);
				expect(sent(p)).toEqual([]);
				expect(p.done(0)).toBe(true);
				p.linkUp();
				p.run();
				expect(sent(p)).toEqual([60]);
			},
		],
		[
			'a length of 0: a ring without descriptors',
			(p) => {
				p.write(0x3808, 0);
				p.write(0x3818, 5);
				p.run();
				expect(sent(p)).toEqual([]);
				expect(p.read(0x3810)).toBe(0);
			},
		],
		[
			'a length not a multiple of 128: the low bits are no bits',
			(p) => {
				p.write(0x3808, 0x1ff);
				expect(p.read(0x3808)).toBe(0x180);
			},
		],
		[
			'a length of all ones: 20 bits',
			(p) => {
				p.write(0x3808, -1);
				expect(p.read(0x3808)).toBe(0x000f_ff80);
			},
		],
		[
			'an unaligned base: the low four bits are ignored',
			(p) => {
				p.write(0x3800, transmitRing * page + 15);
				expect(p.read(0x3800)).toBe(transmitRing * page);
				p.transmit(60);
				expect(sent(p)).toEqual([60]);
			},
		],
		[
			'a tail beyond the length is never met: the ring is sent round and round, at the pace of the wire',
			(p) => {
				p.write(0x3808, 128);
				for (let i = 0; i < 8; i++) p.describe(i, data, 1514, whole);
				p.write(0x3818, 100);
				p.run(12_304 * 100);
				expect(sent(p)).toHaveLength(100);
			},
		],
		[
			'a tail beyond the length of a ring of null descriptors: round and round, and time passes',
			(p) => {
				p.write(0x3808, 128);
				for (let i = 0; i < 8; i++) p.describe(i, 0, 0, whole);
				p.write(0x3818, 100);
				const before = p.engine.executed;
				p.run(1_000_000);
				expect(sent(p)).toEqual([]);
				expect(p.engine.executed - before).toBeLessThan(1000);
			},
		],
		[
			'a tail moved back: everything from the head to it is the hardware’s, stale descriptors too',
			(p) => {
				p.write(0x3808, 128);
				for (let i = 0; i < 8; i++) p.describe(i, data, 100 + i, whole);
				p.write(0x3818, 4);
				p.run();
				p.write(0x3818, 3);
				p.run();
				expect(sent(p)).toEqual([100, 101, 102, 103, 104, 105, 106, 107, 100, 101, 102]);
			},
		],
		[
			'a tail equal to the head: nothing to send',
			(p) => {
				p.place(60);
				p.write(0x3818, 0);
				p.run();
				expect(sent(p)).toEqual([]);
			},
		],
		[
			'the head written while enabled: what was read ahead is thrown away, it goes on from there',
			(p) => {
				for (let i = 0; i < 30; i++) p.place(1514);
				p.ring();
				p.run(1000);
				p.write(0x3810, 28);
				p.run();
				expect(sent(p)).toHaveLength(12);
				expect([p.read(0x3810), p.done(20), p.done(29)]).toEqual([30, false, true]);
			},
		],
		[
			'a head beyond the length: a descriptor there, then on from 0',
			(p) => {
				p.write(0x3808, 128);
				p.describe(0, data, 100, whole);
				p.describe(20, data, 200, whole);
				p.write(0x3810, 20);
				p.write(0x3818, 1);
				p.run();
				expect(sent(p)).toEqual([200, 100]);
			},
		],
		[
			'reserved bits of head and tail: 16 bits',
			(p) => {
				p.write(0x400, 0);
				p.write(0x3810, 0x1_0007);
				p.write(0x3818, 0x7_0009);
				expect([p.read(0x3810), p.read(0x3818)]).toEqual([7, 9]);
			},
		],
		[
			'a ring beyond memory: the unit stops',
			(p) => {
				p.write(0x3800, 0x0f00_0000);
				p.write(0x3818, 1);
				stopped(p, 'a descriptor could not be read');
			},
		],
		[
			'a ring beyond 4 GiB, where there is no memory: the unit stops',
			(p) => {
				p.write(0x3804, 1);
				p.write(0x3818, 1);
				stopped(p, 'a descriptor could not be read');
			},
		],
		[
			'a ring that the IOMMU refuses: the unit stops, the access is logged',
			(p) => {
				onlyBelow(p, transmitRing);
				const faults: [string, number, boolean][] = [];
				p.iommu.onFault = (...fault) => faults.push(fault);
				p.place(60);
				p.ring();
				stopped(p, 'a descriptor could not be read');
				expect(faults).toEqual([[name, transmitRing * page, false]]);
			},
		],
		[
			'a ring that the IOMMU lets be read only: the frame leaves, the write-back stops the unit',
			(p) => {
				const context = new IommuContext('test', p.memory.frames);
				context.enterRun(0, p.memory.frames, false);
				p.iommu.device(name).attach(context);
				p.transmit(60);
				expect(sent(p)).toEqual([60]);
				expect(p.nic.transmitter.stopped).toBe('a descriptor could not be written back');
				expect(p.done(0)).toBe(false);
			},
		],
	];
	it.each(rows)('%s', (_what, misuse) => {
		const poker = new NicPoker().transmitter();
		misuse(poker);
		recovers(poker);
	});
});
