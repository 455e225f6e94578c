/** The 82540EM around its rings: configuration space, reset, statistics, hash. After the SDM §4, §13.7 and §14. */
import {describe, expect, it} from 'vitest';
import {address, frameTo, mac, NicPoker, toUs, whole} from '../../support/nic-poker.js';

describe('on the bus', () => {
	it('is 8086:100E, a network controller with 128 KiB of registers, 64 I/O ports and INTA#', () => {
		const poker = new NicPoker();
		const read = (offset: number, bytes: 1 | 2 | 4) => poker.bus.readConfig(address, offset, bytes);
		expect([read(0, 2), read(2, 2), read(8, 4) >>> 8, read(0x3d, 1)]).toEqual([0x8086, 0x100e, 0x020000, 1]);
		poker.config(0x10, 4, 0xffff_ffff);
		poker.config(0x18, 4, 0xffff_ffff);
		expect([read(0x10, 4), read(0x18, 4)]).toEqual([0xfffe_0000, 0xffff_ffc1]);
	});

	it('answers through IOADDR and IODATA as well', () => {
		const poker = new NicPoker();
		const ports = poker.bus.window(address, 2);
		ports.write32(0, 0x5400);
		expect(ports.read32(4)).toBe(poker.read(0x5400));
		ports.write32(0, 0x2820);
		ports.write32(4, 77);
		expect(poker.read(0x2820)).toBe(77);
	});
});

describe('reset (CTRL.RST)', () => {
	it('puts registers, rings and masks back, and the EEPROM’s address; the chip is away for a microsecond', () => {
		const poker = new NicPoker().transmitter().receiver();
		poker.write(0x5400, 1);
		poker.write(0x5200, -1);
		poker.write(0xd0, -1);
		poker.write(0x00, 1 << 26);
		poker.write(0x2820, 5);
		expect(poker.read(0) & (1 << 26)).toBe(1 << 26);
		poker.run(1000);
		expect(poker.read(0)).toBe(0x201);
		for (const register of [0x100, 0x400, 0x2800, 0x2808, 0x2818, 0x3808, 0x3818, 0xd0, 0xc0, 0x5200, 0x2820]) {
			expect([register, poker.read(register)]).toEqual([register, 0]);
		}
		expect(poker.read(0x5400)).toBe(0x123e_1600);
		expect(poker.read(0x5404)).toBe(0x8000_5634 | 0);
		poker.write(0x2820, 5);
		expect(poker.read(0x2820)).toBe(5);
	});

	it('with frames under way: the one on the wire arrives, the others are gone, and nothing happens later', () => {
		const poker = new NicPoker().receiver().transmitter();
		for (let i = 0; i < 20; i++) poker.place(1514);
		poker.ring();
		poker.run(5000);
		poker.write(0x2820, 100);
		poker.deliver(toUs(60));
		poker.write(0xd0, -1);
		poker.read(0xc0);
		poker.write(0, 1 << 26);
		poker.run(100_000_000);
		expect(poker.wire.sent).toHaveLength(1);
		expect(poker.wire.out).toBe(0);
		expect(poker.done(15)).toBe(false);
		expect(poker.read(0xc0)).toBe(0);
	});

	it('the wire is waited for after a reset', () => {
		const poker = new NicPoker().transmitter();
		poker.transmit(60);
		poker.place(1514);
		poker.ring();
		poker.run(1000);
		poker.write(0, 1 << 26);
		poker.run(1500);
		poker.transmitter().transmit(60);
		const [, before, after] = poker.wire.sent;
		expect(after.at - before.at).toBe(12_304);
	});

	it('leaves the PHY its link, and so does a reset of the function', () => {
		const poker = new NicPoker();
		poker.write(0, 1 << 26);
		poker.run(1000);
		expect(poker.read(8)).toBe(0x81);
		poker.bus.resetFunction(address);
		expect(poker.read(8)).toBe(-1);
		poker.config(4, 2, 7);
		expect(poker.read(8)).toBe(0x81);
	});
});

describe('statistics', () => {
	it('are cleared by reading; a pair by reading its upper half', () => {
		const poker = new NicPoker().receiver().transmitter();
		poker.deliver(toUs(60));
		poker.deliver(frameTo(Uint8Array.of(255, 255, 255, 255, 255, 255), 1514));
		poker.transmit(200);
		expect(poker.read(0x4088)).toBe(64 + 1518);
		expect(poker.read(0x4088)).toBe(64 + 1518);
		expect(poker.read(0x408c)).toBe(0);
		expect(poker.read(0x4088)).toBe(0);
		const expected = {16500: 2, 16504: 1, 16476: 1, 16496: 1, 16592: 2, 16576: 1582, 16512: 1, 16596: 1};
		for (const [register, value] of Object.entries({...expected, 16528: 204, 16608: 1, 16584: 204})) {
			expect([register, poker.read(Number(register))]).toEqual([register, value]);
		}
		expect([0x4074, 0x40d0, 0x4080].map((register) => poker.read(register))).toEqual([0, 0, 0]);
	});

	it('stick at their largest value, and carry into the upper half of a pair', () => {
		const poker = new NicPoker();
		poker.nic.statistics.totals[0x10 >> 2] = 5_000_000_000;
		poker.nic.statistics.totals[0x88 >> 2] = 5_000_000_000;
		expect(poker.read(0x4010)).toBe(-1);
		expect([poker.read(0x4088), poker.read(0x408c)]).toEqual([705_032_704, 1]);
	});

	it('count each size in its register', () => {
		const poker = new NicPoker().receiver();
		const sizes = [60, 61, 123, 124, 251, 252, 507, 508, 1019, 1020, 1518];
		for (const size of sizes) poker.deliver(toUs(size));
		const counts = [0x405c, 0x4060, 0x4064, 0x4068, 0x406c, 0x4070].map((register) => poker.read(register));
		expect(counts).toEqual([1, 2, 2, 2, 2, 2]);
	});
});

describe('the state hash', () => {
	const run = (last: number, all: boolean, at: number) => {
		const poker = new NicPoker().receiver();
		poker.nic.hashBytes = all;
		const bytes = toUs(500);
		bytes[at] = last;
		poker.deliver(bytes);
		return poker.engine.hash.toString();
	};

	it('has each frame’s end in it, and every byte when asked', () => {
		expect(run(1, false, 499)).not.toBe(run(2, false, 499));
		expect(run(1, false, 100)).toBe(run(2, false, 100));
		expect(run(1, true, 100)).not.toBe(run(2, true, 100));
	});
});

describe('what a screen shows', () => {
	it('descriptors queued and free, the link, and totals that reading registers does not clear', () => {
		const poker = new NicPoker().receiver(64, 40).transmitter();
		poker.place(60, whole);
		poker.place(60, whole);
		poker.ring();
		expect([poker.nic.txQueued, poker.nic.rxFree, poker.nic.linkUp]).toEqual([2, 40, true]);
		poker.run();
		poker.deliver(frameTo(mac, 60));
		expect([poker.nic.txQueued, poker.nic.rxFree]).toEqual([0, 39]);
		poker.read(0x40d4);
		expect(poker.nic.statistics.totals[0xd4 >> 2]).toBe(2);
	});
});
