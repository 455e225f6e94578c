/** EEPROM, PHY and link of the 82540EM. After the SDM §5, §11 and §13.4. */
import {describe, expect, it} from 'vitest';
import {lsc, mdac, NicPoker, toUs} from '../../support/nic-poker.js';

const negotiation = 2_000_000_000;

describe('the EEPROM', () => {
	const word = (poker: NicPoker, index: number) => {
		poker.write(0x14, 1 | (index << 8));
		expect(poker.read(0x14) & 0x10).toBe(0);
		poker.run(30_000);
		expect(poker.read(0x14) & 0x10).toBe(0x10);
		return poker.read(0x14) >>> 16;
	};

	it('by EERD: the address in words 0 to 2, and all words add up to BABAh', () => {
		const poker = new NicPoker();
		expect([0, 1, 2].map((i) => word(poker, i))).toEqual([0x1600, 0x123e, 0x5634]);
		let sum = 0;
		for (let i = 0; i < 64; i++) sum += word(poker, i);
		expect(sum & 0xffff).toBe(0xbaba);
	});

	it('bit by bit by EECD reads the same', () => {
		const poker = new NicPoker();
		const microwire = (index: number) => {
			poker.write(0x10, 0x40);
			expect(poker.read(0x10) & 0x180).toBe(0x180);
			const clock = (bit: number) => {
				poker.write(0x10, 0x42 | (bit << 2));
				poker.write(0x10, 0x43 | (bit << 2));
				poker.write(0x10, 0x42 | (bit << 2));
				return (poker.read(0x10) >>> 3) & 1;
			};
			const command = (0b110 << 6) | index;
			for (let bit = 8; bit >= 0; bit--) clock((command >>> bit) & 1);
			let value = 0;
			for (let bit = 0; bit < 16; bit++) value = (value << 1) | clock(0);
			poker.write(0x10, 0);
			return value;
		};
		for (let i = 0; i < 64; i++) expect(microwire(i)).toBe(word(poker, i));
	});
});

describe('PHY and link', () => {
	it('STATUS.LU needs the wire’s link and CTRL.SLU; each change is an LSC', () => {
		const poker = new NicPoker();
		expect(poker.read(8)).toBe(0x81);
		poker.write(0, 0x241);
		expect(poker.read(8)).toBe(0x83);
		expect(poker.read(0xc0)).toBe(lsc);
		poker.wire.up = false;
		poker.nic.linkChanged(false);
		expect(poker.read(8)).toBe(0);
		expect(poker.read(0xc0)).toBe(lsc);
		poker.wire.up = true;
		poker.nic.linkChanged(true);
		expect(poker.read(8)).toBe(0x83);
		expect(poker.read(0xc0)).toBe(lsc);
	});

	it('identifies itself as 0141h 0C20h at address 1', () => {
		const poker = new NicPoker();
		expect([poker.phy(2), poker.phy(3)]).toEqual([0x0141, 0x0c20]);
	});

	it('BMSR remembers that the link was down until it is read', () => {
		const poker = new NicPoker();
		expect(poker.phy(1)).toBe(0x796d);
		for (const up of [false, true]) {
			poker.wire.up = up;
			poker.nic.linkChanged(up);
		}
		expect(poker.phy(1)).toBe(0x7969);
		expect(poker.phy(1)).toBe(0x796d);
		poker.wire.up = false;
		poker.nic.linkChanged(false);
		expect(poker.phy(1)).toBe(0x7949);
		expect(poker.phy(1)).toBe(0x7949);
	});

	it.each([
		['restarted auto-negotiation', (poker: NicPoker) => poker.setPhy(0, 0x1340), 0x1140],
		['a PHY reset by BMCR', (poker: NicPoker) => poker.setPhy(0, 0x8000), 0x1140],
		['a PHY reset by CTRL', (poker: NicPoker) => poker.write(0, 0x8000_0241 | 0), 0x1140],
	])('%s takes the link down for two seconds', (_what, act, control) => {
		const poker = new NicPoker().linkUp();
		act(poker);
		expect(poker.read(8) & 2).toBe(0);
		expect(poker.phy(0)).toBe(control);
		poker.run(negotiation - 1_000_000);
		expect(poker.read(8) & 2).toBe(0);
		poker.run(1_000_000);
		expect(poker.read(8)).toBe(0x83);
		expect(poker.read(0xc0)).toBe(lsc);
	});

	it('powered down there is no link; a forced 100 Mb/s finds none either', () => {
		const poker = new NicPoker().linkUp();
		poker.setPhy(0, 0x0940);
		expect(poker.read(8)).toBe(0);
		poker.setPhy(0, 0x0140);
		expect(poker.read(8)).toBe(0x83);
		poker.setPhy(0, 0x2100);
		expect(poker.read(8)).toBe(0);
	});

	it('MDIC takes its time, and says MDAC when asked to', () => {
		const poker = new NicPoker();
		poker.write(0x20, (2 << 26) | (1 << 21) | (2 << 16) | (1 << 29));
		expect(poker.read(0x20) & (1 << 28)).toBe(0);
		expect(poker.read(0xc0)).toBe(0);
		poker.run(25_600);
		expect(poker.read(0x20)).toBe((2 << 26) | (1 << 21) | (2 << 16) | (3 << 28) | 0x0141);
		expect(poker.read(0xc0)).toBe(mdac);
	});

	it('while the link is down frames wait in the FIFO and the ring stalls; nothing is received', () => {
		const poker = new NicPoker().receiver().transmitter();
		poker.wire.up = false;
		poker.nic.linkChanged(false);
		for (let i = 0; i < 30; i++) poker.place(1514);
		poker.ring();
		poker.deliver(toUs(60));
		poker.run(1_000_000_000);
		expect(poker.wire.sent).toEqual([]);
		expect(poker.read(0x3810)).toBe(10);
		expect(poker.read(0x4030)).toBe(1);
		expect(poker.read(0x40d0)).toBe(0);
		poker.wire.up = true;
		poker.nic.linkChanged(true);
		poker.run(1_000_000);
		expect(poker.wire.sent).toHaveLength(30);
	});
});
