/**
Every misprogramming of an 82540EM's registers that we can think of, one a row, and what comes of it: what the SDM (317453)
says, or where it says nothing what the model does and its files' headers say. After each, a reset and proper programming work again.
*/
import {describe, expect, it} from 'vitest';
import {address, lsc, NicPoker, recovers} from '../../support/nic-poker.js';

type Row = [string, (poker: NicPoker) => void];

describe('registers', () => {
	const rows: Row[] = [
		[
			'8 and 16 bit reads do not complete: all ones, and ICR does not forget',
			(p) => {
				p.write(0xc8, lsc);
				expect([p.registers.read8(0xc0), p.registers.read16(0xc0)]).toEqual([0xff, 0xffff]);
				expect(p.read(0xc0)).toBe(lsc);
			},
		],
		[
			'8 and 16 bit writes write nothing',
			(p) => {
				p.write(0x2820, 0x1234);
				p.registers.write8(0x2820, 0xff);
				p.registers.write16(0x2820, 0xffff);
				expect(p.read(0x2820)).toBe(0x1234);
			},
		],
		[
			'misaligned accesses do neither',
			(p) => {
				p.registers.write32(0x2821, -1);
				expect(p.registers.read32(0x2821)).toBe(-1);
				expect(p.read(0x2820)).toBe(0);
			},
		],
		[
			'where there is no register: zero, and writes are nothing',
			(p) => {
				for (const offset of [0x0004, 0x0b00, 0x4f00, 0x5ffc, 0x8000, 0x1_fffc]) {
					p.write(offset, -1);
					expect([offset, p.read(offset)]).toEqual([offset, 0]);
				}
			},
		],
		[
			'read-only registers: STATUS, statistics',
			(p) => {
				p.write(0x08, -1);
				p.write(0x40d0, 99);
				expect([p.read(0x08), p.read(0x40d0)]).toEqual([0x81, 0]);
			},
		],
		[
			'memory decoding off: all ones, and writes are nothing',
			(p) => {
				p.config(4, 2, 4);
				p.write(0x2820, 5);
				expect(p.read(0x2820)).toBe(-1);
				p.config(4, 2, 7);
				expect(p.read(0x2820)).toBe(0);
			},
		],
		[
			'IOADDR beyond the registers: 17 bits, word by word; other ports read 0',
			(p) => {
				const ports = p.bus.window(address, 2);
				ports.write32(0, 0xfff2_2823);
				expect(ports.read32(0)).toBe(0x2820);
				expect(ports.read32(8)).toBe(0);
				ports.write32(8, 1);
			},
		],
		[
			'MDIC to a PHY address nobody has: READY with the error bit',
			(p) => {
				p.write(0x20, (2 << 26) | (5 << 21) | (2 << 16));
				p.run();
				expect(p.read(0x20) & (5 << 28)).toBe(5 << 28);
				expect(p.read(0x20) & 0xffff).toBe(0xffff);
			},
		],
		[
			'MDIC without an operation: the error bit',
			(p) => {
				p.write(0x20, 1 << 21);
				p.run();
				expect(p.read(0x20) & (5 << 28)).toBe(5 << 28);
			},
		],
		[
			'MDIC written while busy: the second operation is done, one interrupt comes',
			(p) => {
				p.write(0x20, (2 << 26) | (1 << 21) | (2 << 16) | (1 << 29));
				p.run(10_000);
				p.write(0x20, (2 << 26) | (1 << 21) | (3 << 16));
				p.run();
				expect(p.read(0x20) & 0xffff).toBe(0x0c20);
				expect(p.read(0xc0)).toBe(0);
			},
		],
		[
			'a write to a read-only PHY register: nothing',
			(p) => {
				p.setPhy(2, 0xffff);
				expect(p.phy(2)).toBe(0x0141);
			},
		],
		[
			'EERD beyond word 63: the address has six bits',
			(p) => {
				p.write(0x14, 1 | (0x40 << 8));
				p.run();
				expect(p.read(0x14) >>> 16).toBe(0x1600);
			},
		],
		[
			'EERD without START: never done',
			(p) => {
				p.write(0x14, 0x0100);
				p.run();
				expect(p.read(0x14)).toBe(0x0100);
			},
		],
		[
			'EECD without a request: no grant, and the EEPROM hears nothing',
			(p) => {
				for (let i = 0; i < 60; i++) p.write(0x10, 6 | (i & 1));
				expect(p.read(0x10) & 0x88).toBe(0);
			},
		],
		[
			'an EEPROM command that is not READ: nothing comes of it',
			(p) => {
				const clock = (bit: number) => {
					p.write(0x10, 0x42 | (bit << 2));
					p.write(0x10, 0x43 | (bit << 2));
				};
				for (const bit of [1, 0, 1, 0, 0, 0, 0, 0, 0]) clock(bit);
				for (let i = 0; i < 16; i++) clock(1);
				p.write(0x10, 0);
				p.write(0x14, 1);
				p.run();
				expect(p.read(0x14) >>> 16).toBe(0x1600);
			},
		],
		[
			'causes that do not exist, by ICS and IMS: reserved bits stay 0',
			(p) => {
				p.write(0xd0, -1);
				expect(p.read(0xd0)).toBe(0x0001_f6d7);
				p.write(0xd8, -1);
				p.write(0xc8, -1);
				expect(p.read(0xc0)).toBe(0x0001_f6d7);
			},
		],
		[
			'ITR of FFFFh: 16.8 ms between rises; ITR 0: none',
			(p) => {
				p.write(0xd0, lsc);
				p.write(0xc4, 0xffff_ffff);
				expect(p.read(0xc4)).toBe(0xffff);
				p.write(0xc8, lsc);
				p.write(0xc8, lsc);
				p.run(20_000_000);
				expect(p.delivered).toEqual([0, 65_535 * 256]);
				p.write(0xc4, 0);
				p.write(0xc8, lsc);
				p.write(0xc8, lsc);
				expect(p.delivered).toHaveLength(4);
			},
		],
		[
			'ITR shortened while a rise waits: the rise comes by the new interval',
			(p) => {
				p.write(0xd0, lsc);
				p.write(0xc4, 0xffff);
				p.write(0xc8, lsc);
				p.write(0xc8, lsc);
				p.write(0xc4, 100);
				p.run();
				expect(p.delivered).toEqual([0, 25_600]);
			},
		],
		[
			'an interrupt nobody handles: the line stays up, the pin interrupts once a time until ICR is read',
			(p) => {
				let ignored = 0;
				p.onInterrupt = () => {
					if (++ignored === 5) p.read(0xc0);
				};
				p.write(0xd0, lsc);
				p.write(0xc8, lsc);
				expect(ignored).toBe(5);
				expect(p.interrupts.lineIsUp(p.pin)).toBe(false);
			},
		],
		[
			'PBA beyond 64 KiB, and not a multiple of 8: what there is, in units of 8',
			(p) => {
				p.write(0x1000, 0x7f);
				expect(p.read(0x1000)).toBe(0x40);
				p.write(0x1000, 0x33);
				expect(p.read(0x1000)).toBe(0x0010_0030);
			},
		],
		[
			'CTRL.RST twice: the second finds the chip away',
			(p) => {
				p.write(0, 1 << 26);
				p.run(900);
				p.write(0, 1 << 26);
				p.run(100);
				expect(p.read(0) & (1 << 26)).toBe(0);
			},
		],
	];
	it.each(rows)('%s', (_what, misuse) => {
		const poker = new NicPoker();
		misuse(poker);
		recovers(poker);
	});
});
