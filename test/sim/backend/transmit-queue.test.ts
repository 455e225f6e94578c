/** The queue in front of a device: order, tail drop, what happens when there is room, and emptying it. */
import * as fc from 'fast-check';
import {beforeEach, describe, expect, it} from 'vitest';
import {TransmitQueue} from '../../../source/sim/backend/transmit-queue.js';
import {dropped, sent} from '../../../source/sim/kernel/net-device.js';
import {FakeKernel} from '../../support/fake-kernel.js';
import {FakeNetDevice, packetOf, wireLimits} from '../../support/fake-net-device.js';

describe('transmit queue', () => {
	let kernel: FakeKernel;
	let device: FakeNetDevice;
	let queue: TransmitQueue;
	let statuses: (number | undefined)[];
	const send = (number: number) =>
		queue.send(
			packetOf(kernel, [Buffer.from([number])], (status) => {
				statuses[number] = status;
			}),
		);
	beforeEach(() => {
		kernel = new FakeKernel();
		device = new FakeNetDevice(kernel, 'eth0', wireLimits, 2, true);
		queue = new TransmitQueue(device, 5);
		statuses = [];
	});

	it('is no queue while the device has room', () => {
		expect([send(0), send(1)]).toEqual([true, true]);
		expect([queue.length, queue.queued, device.held.length]).toEqual([0, 0, 2]);
	});

	it('keeps what the device has no room for, in order, up to its limit, and drops the rest', () => {
		const taken = Array.from({length: 9}, (_, i) => send(i));
		expect(taken).toEqual([true, true, true, true, true, true, true, false, false]);
		expect([queue.length, queue.queued, queue.drops]).toEqual([5, 5, 2]);
		expect(statuses.slice(7)).toEqual([dropped, dropped]);
		for (let i = 0; i < 7; i++) device.letGo();
		expect(device.taken.map(([number]) => number)).toEqual([0, 1, 2, 3, 4, 5, 6]);
		expect(statuses.slice(0, 7)).toEqual(new Array(7).fill(sent));
	});

	it('lets nobody overtake what waits', () => {
		for (let i = 0; i < 4; i++) send(i);
		device.room = 10;
		send(4);
		expect(device.taken.map(([number]) => number)).toEqual([0, 1]);
		device.letGo(0);
		expect(device.taken.map(([number]) => number)).toEqual([0, 1, 2, 3, 4]);
	});

	it('drops everything when it is emptied, and works afterwards', () => {
		for (let i = 0; i < 6; i++) send(i);
		queue.purge();
		expect([queue.length, queue.drops, statuses.slice(2)]).toEqual([0, 4, new Array(4).fill(dropped)]);
		device.letGo(2);
		send(6);
		expect(device.taken.at(-1)).toEqual(Buffer.from([6]));
	});

	it('is first come first served and answers each packet once, whatever comes when', () => {
		fc.assert(
			fc.property(fc.array(fc.constantFrom('send', 'send', 'let go', 'purge'), {maxLength: 80}), (acts) => {
				device = new FakeNetDevice(kernel, 'eth0', wireLimits, 3, true);
				queue = new TransmitQueue(device, 4);
				const given: number[] = [];
				const model: number[] = [];
				const order: number[] = [];
				let inDevice = 0;
				let number = 0;
				for (const act of acts) {
					if (act === 'send') {
						const mine = number++;
						queue.send(packetOf(kernel, [Buffer.from([mine])], () => given.push(mine)));
						if (model.length === 0 && inDevice < 3) {
							order.push(mine);
							inDevice++;
						} else if (model.length < 4) model.push(mine);
					} else if (act === 'let go') {
						if (inDevice > 0) inDevice--;
						device.letGo();
						while (inDevice < 3 && model.length > 0) {
							order.push(model.shift() ?? -1);
							inDevice++;
						}
					} else {
						queue.purge();
						model.length = 0;
					}

					expect(queue.length).toBe(model.length);
				}

				expect(device.taken.map(([first]) => first)).toEqual(order);
				queue.purge();
				device.letGo(10);
				expect(given.toSorted((a, b) => a - b)).toEqual(Array.from({length: number}, (_, i) => i));
			}),
			{numRuns: 100},
		);
	});
});
