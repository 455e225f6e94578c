/** The e1000 driver in trouble: a transmitter that hangs, lost interrupts, a link that goes, a device that is gone, and all of it at random. */
import * as fc from 'fast-check';
import {beforeEach, describe, expect, it} from 'vitest';
import {drop, pass} from '../../../source/engine/fault-points.js';
import {dropped, sent} from '../../../source/sim/kernel/net-device.js';
import {address, E1000Bench, pattern, second} from '../../support/e1000-bench.js';

describe('e1000 driver in trouble', () => {
	let bench: E1000Bench;
	let statuses: number[];
	const send = (seed = 1) => bench.send(bench.packet([pattern(60, seed)], (status) => statuses.push(status)));
	beforeEach(() => {
		bench = new E1000Bench().start();
		statuses = [];
	});

	describe('a transmitter that stands still', () => {
		beforeEach(() => {
			bench.nic.going = false;
			bench.run(0.9 * second);
			send();
		});

		it('is reported after a second, at the next look', () => {
			bench.run(0.9 * second);
			expect(bench.driver.counters.hangs).toBe(0);
			bench.run(2.1 * second);
			expect(bench.driver.counters.hangs).toBe(1);
			expect(bench.kernel.lines.at(-1)).toBe(
				'e1000 eth0: Detected Tx Unit Hang: TDH <0> TDT <1> next_to_use <1> next_to_clean <0>',
			);
			expect(send()).toBe(false);
		});

		it('is reset five seconds after its last packet, which is given back as dropped; then everything works', () => {
			bench.run(4.99 * second);
			expect([statuses, bench.driver.state]).toEqual([[], 'live']);
			let woken = 0;
			bench.driver.device.whenRoom(() => woken++);
			bench.nic.going = true;
			bench.run(0.1 * second);
			expect(statuses).toEqual([dropped]);
			expect(bench.kernel.lines.slice(-5)).toEqual([
				'e1000 eth0: Detected Tx Unit Hang: TDH <0> TDT <1> next_to_use <1> next_to_clean <0>',
				'NETDEV WATCHDOG: eth0 (e1000): transmit queue 0 timed out',
				'e1000 eth0: Reset adapter',
				'e1000 eth0: reset done',
				'e1000 eth0: NIC Link is Up 1000 Mbps Full Duplex',
			]);
			expect([bench.driver.state, bench.driver.outstanding]).toEqual(['live', 0]);
			expect(woken).toBe(1);
			expect(bench.carrier).toEqual([true, false, true]);
			expect(send(9)).toBe(true);
			expect(statuses).toEqual([dropped, sent]);
			bench.nic.arrive(pattern(60, 4));
			bench.run(1_000_000);
			expect(bench.received).toEqual([pattern(60, 4)]);
		});

		it('that goes on by itself is not reset', () => {
			bench.run(3.2 * second);
			bench.nic.going = true;
			bench.nic.fetch();
			bench.run(4 * second);
			expect(statuses).toEqual([sent]);
			expect(bench.driver.counters).toMatchObject({hangs: 1, resets: 0});
			expect(send(2)).toBe(true);
		});
	});

	it('looks at its rings every two seconds, so that a lost interrupt costs time and nothing else', () => {
		const point = bench.kernel.engine.faults.get('interrupt.line eth0');
		let left = 1;
		if (point) point.armed = {decide: () => (left-- > 0 ? drop : pass), value: 0};
		bench.nic.arrive(pattern(60, 3));
		bench.run(1_000_000);
		expect([left, bench.received]).toEqual([0, []]);
		bench.run(2 * second);
		expect(bench.received).toEqual([pattern(60, 3)]);
	});

	describe('when the link goes down', () => {
		it('says so, drops what it is given, and goes on when the link is back', () => {
			bench.nic.setLink(false);
			bench.run(1_000_000);
			expect([bench.driver.device.carrier, bench.kernel.lines.at(-1)]).toEqual([false, 'e1000 eth0: NIC Link is Down']);
			expect(send()).toBe(true);
			expect([statuses, bench.nic.sent, bench.driver.counters.txDropped]).toEqual([[dropped], [], 1]);
			bench.nic.setLink(true);
			bench.run(1_000_000);
			expect(bench.carrier).toEqual([true, false, true]);
			send();
			expect(statuses).toEqual([dropped, sent]);
			expect(bench.driver.counters).toMatchObject({linkChanges: 3, resets: 0});
		});

		it('gives back what the device still holds, by a reset', () => {
			bench.nic.going = false;
			send();
			bench.nic.setLink(false);
			bench.run(2.1 * second);
			expect(statuses).toEqual([dropped]);
			expect(bench.kernel.lines).toContain('e1000 eth0: link lost with packets under way, reset adapter');
			expect([bench.driver.state, bench.driver.device.carrier]).toEqual(['live', false]);
		});
	});

	describe('a device that is gone', () => {
		it('is noticed at the next look; what was under way is dropped; it is used again when it is back', () => {
			bench.nic.going = false;
			for (let i = 0; i < 5; i++) send(i);
			bench.kernel.bus.setPresent(address, false);
			bench.run(2.1 * second);
			expect(statuses).toEqual(new Array(5).fill(dropped));
			expect([bench.driver.state, bench.driver.device.carrier]).toEqual(['removed', false]);
			expect(bench.kernel.lines.at(-1)).toBe('e1000 eth0: does not answer any more; dropping 5 packets');
			expect(send()).toBe(true);
			expect(statuses).toEqual(new Array(6).fill(dropped));
			bench.nic.going = true;
			bench.kernel.bus.setPresent(address, true);
			bench.run(2.1 * second);
			expect([bench.driver.state, bench.driver.device.carrier]).toEqual(['live', true]);
			send();
			expect(statuses.at(-1)).toBe(sent);
		});

		it('in the middle of a reset is looked for again as well', () => {
			bench.nic.going = false;
			bench.run(0.9 * second);
			send();
			while (bench.driver.state === 'live') bench.run(100_000);
			bench.kernel.bus.setPresent(address, false);
			bench.run(1 * second);
			expect([bench.driver.state, statuses]).toEqual(['removed', [dropped]]);
			bench.nic.going = true;
			bench.kernel.bus.setPresent(address, true);
			bench.run(2.1 * second);
			expect(bench.driver.state).toBe('live');
		});
	});

	it('says full while it resets, and wakes whoever waits', () => {
		bench.nic.going = false;
		bench.run(0.9 * second);
		send();
		while (bench.driver.state === 'live') bench.run(100_000);
		bench.nic.going = true;
		expect(send()).toBe(false);
		let taken = false;
		bench.driver.device.whenRoom(() => {
			taken = bench.driver.device.transmit(bench.packet([pattern(60, 1)], (status) => statuses.push(status)));
		});
		bench.run(0.1 * second);
		expect([taken, bench.driver.state]).toEqual([true, 'live']);
		expect(statuses.length).toBe(2);
	});

	it('stops where its kernel dies: nothing of it runs, whatever the device does', () => {
		bench.nic.arrive(pattern(60, 1));
		bench.kernel.alive = false;
		const ran = bench.kernel.ran.length;
		bench.run(10 * second);
		expect([bench.received, bench.kernel.ran.length]).toEqual([[], ran]);
	});

	it('gives every packet back exactly once, whatever hangs, flaps, vanishes or is lost', () => {
		const act = fc.constantFrom(
			'send',
			'send',
			'send',
			'arrive',
			'hang',
			'go',
			'down',
			'up',
			'remove',
			'return',
			'wait',
		);
		fc.assert(
			fc.property(fc.array(fc.tuple(act, fc.integer({min: 0, max: 30})), {maxLength: 60}), (acts) => {
				bench = new E1000Bench().start();
				const given: number[] = [];
				let taken = 0;
				for (const [what, amount] of acts) {
					if (what === 'send') {
						for (let i = 0; i <= amount; i++) {
							let number = -1;
							const packet = bench.packet([pattern(60, i), pattern(20, i)], () => given.push(number));
							bench.kernel.inTask(() => {
								if (bench.driver.device.transmit(packet)) number = taken++;
							});
							bench.run(500);
						}
					} else if (what === 'arrive') {
						for (let i = 0; i <= amount && bench.kernel.bus.isPresent(address); i++) bench.nic.arrive(pattern(60, i));
					} else if (what === 'hang' || what === 'go') {
						bench.nic.going = what === 'go';
					} else if (what === 'down' || what === 'up') {
						bench.nic.link = what === 'up';
						if (bench.kernel.bus.isPresent(address)) bench.nic.raise(4);
					} else if (what === 'remove' || what === 'return') {
						bench.kernel.bus.setPresent(address, what === 'return');
					}

					bench.run(amount * amount * 1_000_000);
				}

				bench.kernel.bus.setPresent(address, true);
				bench.nic.link = true;
				bench.nic.going = true;
				bench.run(20 * second);
				expect(bench.driver.state).toBe('live');
				expect(bench.driver.outstanding).toBe(0);
				expect(given.toSorted((a, b) => a - b)).toEqual(Array.from({length: taken}, (_, i) => i));
				expect(bench.send(bench.packet([pattern(60, 1)]))).toBe(true);
				bench.nic.arrive(pattern(60, 200));
				bench.run(10_000_000);
				expect(bench.received.at(-1)).toEqual(pattern(60, 200));
			}),
			{numRuns: 40},
		);
	}, 20_000);
});
