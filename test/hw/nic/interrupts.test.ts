/** Interrupt causes, mask and throttling of the 82540EM, and its fault points. After the SDM §13.4.17 to 13.4.21. */
import {describe, expect, it} from 'vitest';
import {alter, delay, drop} from '../../../source/engine/fault-points.js';
import {address, NicPoker, rxo, rxt0, toUs, txdw} from '../../support/nic-poker.js';

describe('interrupts', () => {
	it('the line is up while a cause is set that is not masked; ICR forgets when read, or bit by bit when written', () => {
		const poker = new NicPoker();
		poker.interrupts.mask(poker.pin, true);
		const line = () => poker.interrupts.lineIsUp(poker.pin);
		poker.write(0xc8, 0x05);
		expect(line()).toBe(false);
		poker.write(0xd0, 0x04);
		expect(line()).toBe(true);
		expect(poker.bus.readConfig(address, 6, 2) & 8).toBe(8);
		poker.write(0xd8, 0x04);
		expect(line()).toBe(false);
		poker.write(0xd0, 0x05);
		poker.write(0xc0, 0x04);
		expect(line()).toBe(true);
		expect(poker.read(0xc0)).toBe(0x01);
		expect(line()).toBe(false);
		expect(poker.read(0xd0)).toBe(0x05);
		expect([poker.read(0xc8), poker.read(0xd8)]).toEqual([0, 0]);
	});

	it('INTx disable lowers the line', () => {
		const poker = new NicPoker();
		poker.interrupts.mask(poker.pin, true);
		poker.write(0xd0, 4);
		poker.write(0xc8, 4);
		poker.config(4, 2, 0x0407);
		expect(poker.interrupts.lineIsUp(poker.pin)).toBe(false);
		poker.config(4, 2, 0x0007);
		expect(poker.interrupts.lineIsUp(poker.pin)).toBe(true);
	});

	it('ITR keeps rises 256 ns × its value apart, however many causes come', () => {
		const poker = new NicPoker().receiver(256);
		poker.write(0xc4, 488);
		poker.write(0xd0, rxt0);
		for (let i = 0; i < 200; i++) {
			poker.deliver(toUs(60));
			poker.run(5000);
		}
		const apart = poker.delivered.slice(1).map((at, i) => at - poker.delivered[i]);
		expect(poker.delivered[0]).toBe(0);
		expect(new Set(apart)).toEqual(new Set([488 * 256]));
		expect(poker.read(0xc4)).toBe(488);
	});

	it('a cause taken by software before the interval is over interrupts nobody', () => {
		const poker = new NicPoker();
		poker.write(0xc4, 1000);
		poker.write(0xd0, 1);
		poker.write(0xc8, 1);
		poker.write(0xc8, 1);
		expect(poker.read(0xc0)).toBe(1);
		poker.run();
		expect(poker.delivered).toEqual([0]);
	});
});

describe('faults', () => {
	it('nic.transmit drop: TDH stops, no descriptor is done any more, until a reset', () => {
		const poker = new NicPoker().transmitter();
		poker.arm('nic.transmit', drop);
		poker.transmit(60);
		poker.transmit(60);
		expect([poker.read(0x3810), poker.read(0x3818)]).toEqual([0, 2]);
		expect(poker.nic.transmitter.stopped).toBe('fault');
		poker.write(0, 1 << 26);
		poker.run(1000);
		poker.transmitter().transmit(60);
		expect(poker.wire.sent).toHaveLength(1);
	});

	it('nic.transmit delay: the unit pauses; alter: the frame has a wrong FCS and says why', () => {
		const poker = new NicPoker().transmitter();
		poker.arm('nic.transmit', delay, 50_000);
		poker.transmit(60);
		expect(poker.wire.sent[0].at).toBe(50_600);
		poker.arm('nic.transmit', alter);
		poker.transmit(60);
		poker.transmit(60);
		expect(poker.wire.sent.map((frame) => frame.damaged)).toEqual([false, true, false]);
		expect(poker.wire.sent[1].note).toBe('nic: wrong FCS');
	});

	it('nic.receive drop: an overrun; alter: a CRC or a data error', () => {
		const poker = new NicPoker().receiver(64, 63, 4);
		poker.arm('nic.receive', drop);
		poker.deliver(toUs(60));
		expect([poker.read(0x4010), poker.read(0xc0)]).toEqual([1, rxo]);
		poker.arm('nic.receive', alter);
		poker.deliver(toUs(60));
		poker.arm('nic.receive', alter, 2);
		poker.deliver(toUs(60));
		expect([0, 1].map((i) => poker.received(i).errors)).toEqual([0x01, 0x80]);
		expect([poker.read(0x4000), poker.read(0x400c)]).toEqual([1, 1]);
	});

	it('interrupt.line drop: the rise is lost, the next cause finds the line down and raises it', () => {
		const poker = new NicPoker().transmitter();
		poker.write(0xd0, txdw);
		poker.arm('interrupt.line', drop);
		poker.transmit(60);
		expect(poker.delivered).toEqual([]);
		poker.transmit(60);
		expect(poker.delivered).toHaveLength(1);
	});
});
