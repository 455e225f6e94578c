/**
Every misprogramming of an 82540EM's transmit descriptors that we can think of, one a row, and what comes of it: what the SDM (317453)
says, or where it says nothing what the model does and its files' headers say. After each, a reset and proper programming work again.
*/
import {describe, expect, it} from 'vitest';
import {
	dext,
	eop,
	ide,
	ifcs,
	NicPoker,
	onlyBelow,
	recovers,
	rs,
	transmitData,
	txdw,
	whole,
} from '../../support/nic-poker.js';

const data = transmitData * 4096;

type Row = [string, (poker: NicPoker) => void];

describe('transmit descriptors', () => {
	const sent = (poker: NicPoker) => poker.wire.sent.map((frame) => frame.bytes.length);
	const stopped = (poker: NicPoker, why: string) => {
		poker.run();
		expect(poker.nic.transmitter.stopped).toBe(why);
		expect(poker.wire.sent).toEqual([]);
		expect(poker.read(0xc0) & txdw).toBe(0);
	};
	const rows: Row[] = [
		[
			'a buffer beyond memory: the unit stops at it',
			(p) => {
				p.describe(0, 0x0f00_0000, 60, whole);
				p.write(0x3818, 1);
				stopped(p, 'a buffer could not be read');
				expect(p.read(0x3810)).toBe(0);
			},
		],
		[
			'a buffer beyond 1 TiB: the unit stops at it',
			(p) => {
				p.describe(0, 0x100_0000_0000 * 4 + data, 60, whole);
				p.write(0x3818, 1);
				stopped(p, 'a buffer could not be read');
			},
		],
		[
			'a buffer whose second page the IOMMU refuses: nothing of it is sent',
			(p) => {
				onlyBelow(p, transmitData + 1);
				p.describe(0, data + 4000, 1000, whole);
				p.write(0x3818, 1);
				stopped(p, 'a buffer could not be read');
			},
		],
		[
			'a descriptor of length 0: moves nothing, is done',
			(p) => {
				p.place(0);
				p.place(60);
				p.ring();
				p.run();
				expect(sent(p)).toEqual([60]);
				expect([p.done(0), p.done(1)]).toEqual([true, true]);
			},
		],
		[
			'a null address: moves nothing, is done',
			(p) => {
				p.describe(0, 0, 60, whole);
				p.write(0x3818, 1);
				p.run();
				expect(sent(p)).toEqual([]);
				expect(p.done(0)).toBe(true);
			},
		],
		[
			'a null descriptor within a packet: the packet is the others’ data',
			(p) => {
				p.place(100, ifcs);
				p.place(0, ifcs | rs);
				p.place(100);
				p.ring();
				p.run();
				expect(sent(p)).toEqual([200]);
			},
		],
		[
			'a packet of 16289 bytes: never fits, the unit stops',
			(p) => {
				p.describe(0, data, 16_289, whole);
				p.write(0x3818, 1);
				stopped(p, 'a packet is longer than the transmit FIFO takes');
			},
		],
		[
			'a descriptor of 65535 bytes: the same',
			(p) => {
				p.describe(0, data, 0xffff, whole);
				p.write(0x3818, 1);
				stopped(p, 'a packet is longer than the transmit FIFO takes');
			},
		],
		[
			'descriptors that together are too long: the same, at the last',
			(p) => {
				for (let i = 0; i < 5; i++) p.describe(i, data, 4000, i === 4 ? whole : ifcs | rs);
				p.write(0x3818, 5);
				p.run();
				expect(p.nic.transmitter.stopped).toBe('a packet is longer than the transmit FIFO takes');
				expect(p.read(0x3810)).toBe(4);
				expect(p.done(3)).toBe(true);
			},
		],
		[
			'PBA that leaves no room for transmission: nothing fits',
			(p) => {
				p.write(0x1000, 64);
				p.place(60);
				p.ring();
				stopped(p, 'a packet is longer than the transmit FIFO takes');
			},
		],
		[
			'an extended context descriptor (DEXT): used up, done, counted, without effect',
			(p) => {
				p.describe(0, data, 0, dext | rs);
				p.tail = 1;
				p.place(60);
				p.ring();
				p.run();
				expect(sent(p)).toEqual([60]);
				expect([p.done(0), p.nic.transmitter.unsupported]).toEqual([true, 1]);
			},
		],
		[
			'extended data descriptors (DEXT): the packet is used up and not sent',
			(p) => {
				p.describe(0, data, 500 | (1 << 20), dext | ifcs);
				p.describe(1, data, 500 | (1 << 20), dext | whole);
				p.tail = 2;
				p.place(60);
				p.ring();
				p.run();
				expect(sent(p)).toEqual([60]);
				expect([p.done(1), p.nic.transmitter.unsupported]).toEqual([true, 2]);
			},
		],
		[
			'an extended data descriptor after a legacy one: nothing of the packet is sent',
			(p) => {
				p.place(100, ifcs);
				p.describe(1, data, 500 | (1 << 20), dext | whole);
				p.tail = 2;
				p.place(60);
				p.ring();
				p.run();
				expect(sent(p)).toEqual([60]);
			},
		],
		[
			'no IFCS and four bytes or fewer: nothing is left to send',
			(p) => {
				p.transmit(4, eop | rs);
				expect(sent(p)).toEqual([]);
				expect(p.done(0)).toBe(true);
			},
		],
		[
			'no EOP ever: the packet is never sent',
			(p) => {
				for (let i = 0; i < 3; i++) p.place(1000, ifcs | rs);
				p.ring();
				p.run(100_000_000);
				expect(sent(p)).toEqual([]);
				expect(p.read(0x3810)).toBe(3);
			},
		],
		[
			'IDE with TIDV 0, which is not allowed: the interrupt comes at once',
			(p) => {
				p.transmit(60, whole | ide);
				expect(p.read(0xc0) & txdw).toBe(txdw);
			},
		],
		[
			'IDE without RS: no interrupt, ever',
			(p) => {
				p.write(0x3820, 10);
				p.transmit(60, eop | ifcs | ide);
				expect(p.read(0xc0) & txdw).toBe(0);
			},
		],
		[
			'bus master off: the unit waits, and goes on when it is on again',
			(p) => {
				p.config(4, 2, 3);
				p.transmit(60);
				expect([sent(p), p.nic.transmitter.stopped, p.nic.dma.refusals]).toEqual([[], '', 0]);
				p.config(4, 2, 7);
				p.run();
				expect(sent(p)).toEqual([60]);
			},
		],
		[
			'bus master turned off under way: what the FIFO holds leaves, no more is fetched',
			(p) => {
				for (let i = 0; i < 30; i++) p.place(1514);
				p.ring();
				p.run(1000);
				p.config(4, 2, 3);
				p.run();
				expect(sent(p)).toHaveLength(10);
				expect(p.nic.dma.refusals).toBe(0);
			},
		],
	];
	it.each(rows)('%s', (_what, misuse) => {
		const poker = new NicPoker().transmitter();
		misuse(poker);
		recovers(poker);
	});
});
