/**
Every misprogramming of an 82540EM's receive ring that we can think of, one a row, and what comes of it: what the SDM (317453)
says, or where it says nothing what the model does and its files' headers say. After each, a reset and proper programming work again.
*/
import {describe, expect, it} from 'vitest';
import {NicPoker, onlyBelow, receiveData, receiveRing, recovers, rxdmt0, toUs} from '../../support/nic-poker.js';

const page = 4096;

type Row = [string, (poker: NicPoker) => void];

describe('receive rings and descriptors', () => {
	const stopped = (poker: NicPoker, why: string) => {
		poker.deliver(toUs(100));
		expect(poker.nic.receiver.stopped).toBe(why);
		expect(poker.received(0).status).toBe(0);
		// The FIFO goes on taking frames until it is full.
		expect(poker.read(0x4074)).toBe(1);
	};
	const rows: Row[] = [
		[
			'before RCTL.EN: frames pass unheard and uncounted',
			(p) => {
				p.write(0x100, 0x8000);
				p.deliver(toUs(100));
				expect([p.received(0).status, p.read(0x40d0)]).toEqual([0, 0]);
			},
		],
		[
			'RCTL.EN cleared: the FIFO keeps its frames until it is set again',
			(p) => {
				p.write(0x2818, 0);
				p.deliver(toUs(100));
				p.write(0x100, 0x0400_8000);
				p.write(0x2818, 10);
				p.run();
				expect(p.received(0).status).toBe(0);
				p.write(0x100, 0x0400_8002);
				p.run();
				expect(p.received(0)).toMatchObject({length: 100, status: 7});
			},
		],
		[
			'tail = head: no descriptors, frames wait',
			(p) => {
				p.write(0x2818, 0);
				p.deliver(toUs(100));
				expect([p.received(0).status, p.read(0x40a0)]).toEqual([0, 1]);
			},
		],
		[
			'a length of 0: no descriptors, frames wait',
			(p) => {
				p.write(0x2808, 0);
				p.deliver(toUs(100));
				expect([p.received(0).status, p.read(0x40a0)]).toEqual([0, 1]);
			},
		],
		[
			'a length not a multiple of 128: the low bits are no bits',
			(p) => {
				p.write(0x2808, 0xff);
				expect(p.read(0x2808)).toBe(0x80);
			},
		],
		[
			'an unaligned base: the low four bits are ignored',
			(p) => {
				p.write(0x2800, receiveRing * page + 9);
				expect(p.read(0x2800)).toBe(receiveRing * page);
				p.deliver(toUs(100));
				expect(p.received(0).status).toBe(7);
			},
		],
		[
			'a tail beyond the length is never met: buffers are overwritten, round and round',
			(p) => {
				p.write(0x2808, 128);
				p.write(0x2818, 50);
				for (let i = 0; i < 20; i++) p.deliver(toUs(100 + i));
				expect(p.received(3).length).toBe(119);
				expect(p.received(4).length).toBe(112);
				expect(p.read(0x40a0)).toBe(0);
			},
		],
		[
			'the head written while enabled: it goes on from there',
			(p) => {
				p.deliver(toUs(100));
				p.write(0x2810, 20);
				p.deliver(toUs(101));
				expect([p.received(1).status, p.received(20).length]).toEqual([0, 101]);
			},
		],
		[
			'a ring beyond memory: the unit stops',
			(p) => {
				p.write(0x2800, 0x0f00_0000);
				stopped(p, 'a descriptor could not be read');
			},
		],
		[
			'a ring that the IOMMU refuses: the unit stops',
			(p) => {
				onlyBelow(p, receiveRing);
				stopped(p, 'a descriptor could not be read');
			},
		],
		[
			'a buffer beyond memory: the unit stops, the descriptor stays as it was',
			(p) => {
				p.offer(0, 0x0f00_0000);
				stopped(p, 'a buffer could not be written');
			},
		],
		[
			'a buffer that the IOMMU refuses: nothing is written, the access is logged',
			(p) => {
				onlyBelow(p, receiveData);
				p.memory.bytes(receiveData).fill(0xaa);
				stopped(p, 'a buffer could not be written');
				expect(p.memory.bytes(receiveData).every((byte) => byte === 0xaa)).toBe(true);
				expect(p.iommu.faults).toBe(1);
			},
		],
		[
			'a stopped unit: frames fill the FIFO and are missed, DMA is not tried again',
			(p) => {
				p.offer(0, 0x0f00_0000);
				for (let i = 0; i < 40; i++) p.deliver(toUs(1514));
				expect([p.read(0x4010), p.nic.dma.refusals]).toEqual([8, 1]);
			},
		],
		[
			'a null address: the descriptor is done without a frame, the frame goes to the next',
			(p) => {
				p.offer(0, 0);
				p.deliver(toUs(100));
				expect([p.received(0), p.received(1)]).toMatchObject([
					{length: 0, status: 1},
					{length: 100, status: 7},
				]);
			},
		],
		[
			'only null descriptors and a tail never met: round and round, and time passes',
			(p) => {
				for (let i = 0; i < 8; i++) p.offer(i, 0);
				p.write(0x2808, 128);
				p.write(0x2818, 100);
				p.deliver(toUs(100));
				const before = p.engine.executed;
				p.run(1_000_000);
				expect(p.engine.executed - before).toBeLessThan(1000);
			},
		],
		[
			'BSEX with BSIZE 0, reserved: 2048 bytes',
			(p) => {
				p.write(0x100, 0x0600_8022);
				p.deliver(toUs(3000));
				expect([p.received(0).length, p.received(1).length]).toEqual([2048, 952]);
			},
		],
		[
			'RDMTS 3, reserved: an eighth',
			(p) => {
				p.write(0x100, 0x0400_8302);
				p.write(0x2818, 9);
				p.deliver(toUs(100));
				expect(p.read(0xc0) & rxdmt0).toBe(rxdmt0);
			},
		],
		[
			'PBA that leaves no room for reception: every frame is missed',
			(p) => {
				p.write(0x1000, 0);
				p.deliver(toUs(100));
				expect([p.read(0x4010), p.received(0).status]).toEqual([1, 0]);
			},
		],
		[
			'bus master off: frames wait in the FIFO, and are there when it is on again',
			(p) => {
				p.config(4, 2, 3);
				p.deliver(toUs(100));
				expect([p.received(0).status, p.nic.dma.refusals]).toEqual([0, 0]);
				p.config(4, 2, 7);
				p.run();
				expect(p.received(0)).toMatchObject({length: 100, status: 7});
			},
		],
		[
			'a frame of a few bytes only: undersized',
			(p) => {
				p.deliver(toUs(3));
				expect(p.received(0).status).toBe(0);
			},
		],
		[
			'PCSS beyond the frame: the packet checksum is 0',
			(p) => {
				p.write(0x5000, 0xff);
				p.deliver(toUs(100));
				expect(p.received(0)).toMatchObject({checksum: 0, status: 7});
			},
		],
	];
	it.each(rows)('%s', (_what, misuse) => {
		const poker = new NicPoker().receiver();
		misuse(poker);
		recovers(poker);
	});
});
