/** The bridge: who learns what, where frames go, what is counted, when packets are given back; and a naive model that must agree. */
import * as fc from 'fast-check';
import {beforeEach, describe, expect, it} from 'vitest';
import {Bridge} from '../../../source/sim/backend/bridge.js';
import type {BridgePort} from '../../../source/sim/backend/bridge-port.js';
import {checksumBlank, dropped, sent} from '../../../source/sim/kernel/net-device.js';
import {FakeKernel} from '../../support/fake-kernel.js';
import {FakeNetDevice, packetOf, wireLimits} from '../../support/fake-net-device.js';

const second = 1_000_000_000;
const own = Uint8Array.from([0xfe, 0xff, 0, 0, 0, 1]);
const broadcast = Buffer.alloc(6, 0xff);

function station(number: number): Buffer {
	return Buffer.from([0x00, 0x16, 0x3e, 0, 0, number]);
}

function frame(to: Uint8Array, from: Uint8Array, mark = 0): Buffer {
	return Buffer.concat([to, from, Buffer.from([0x88, 0xb5, mark]), Buffer.alloc(45)]);
}

describe('bridge', () => {
	let kernel: FakeKernel;
	let bridge: Bridge;
	let devices: FakeNetDevice[];
	let ports: BridgePort[];
	let statuses: number[];
	const build = (count: number, options: {ageing?: number; stations?: number} = {}) => {
		kernel = new FakeKernel();
		bridge = new Bridge(kernel, 'xenbr0', {mac: own, ...options});
		devices = Array.from({length: count}, (_, i) => new FakeNetDevice(kernel, `vif${i}`));
		ports = devices.map((device) => bridge.addPort(device));
		statuses = [];
	};
	/** A frame arrives at the port of that device. */
	const arrive = (device: number, bytes: Buffer) => {
		const packet = packetOf(kernel, [bytes], (status) => statuses.push(status));
		kernel.inTask(() => devices[device].receiver(packet));
		kernel.run(100_000);
	};
	/** How many frames each device has taken so far. */
	const taken = () => devices.map((device) => device.taken.length);
	beforeEach(() => build(3));

	it('floods a frame for somebody never heard, to every port but its own', () => {
		arrive(0, frame(station(9), station(1)));
		expect(taken()).toEqual([0, 1, 1]);
		expect([statuses, bridge.flooded, bridge.forwarded]).toEqual([[sent], 1, 0]);
	});

	it('sends a frame for somebody heard to that port alone, as it is, in one step', () => {
		arrive(2, frame(broadcast, station(2)));
		kernel.ran.length = 0;
		arrive(0, frame(station(2), station(1), 77));
		expect(taken()).toEqual([1, 1, 1]);
		expect(devices[2].taken[0]).toEqual(frame(station(2), station(1), 77));
		expect(kernel.ran).toEqual(['test', 'xenbr0 forward']);
		expect([bridge.forwarded, ports[0].rxPackets, ports[2].txPackets, ports[2].txBytes]).toEqual([1, 1, 1, 60]);
	});

	it('does not send a frame back where it came from', () => {
		arrive(0, frame(broadcast, station(1)));
		arrive(0, frame(station(1), station(2)));
		expect(taken()).toEqual([0, 1, 1]);
		expect([bridge.filtered, statuses]).toEqual([1, [sent, sent]]);
	});

	it('follows a station that moves', () => {
		arrive(0, frame(broadcast, station(1)));
		arrive(1, frame(broadcast, station(1)));
		arrive(2, frame(station(1), station(3)));
		expect(taken()).toEqual([1, 2, 2]);
	});

	it('forgets who has not been heard for the ageing time, and sweeps it out', () => {
		arrive(0, frame(broadcast, station(1)));
		kernel.run(299 * second);
		arrive(2, frame(station(1), station(3)));
		expect(taken()).toEqual([1, 1, 1]);
		kernel.run(2 * second);
		arrive(2, frame(station(1), station(3)));
		expect(taken()).toEqual([2, 2, 1]);
		expect(bridge.table.size).toBe(1);
		kernel.run(400 * second);
		expect(bridge.table.size).toBe(0);
	});

	it('learns no more stations than its table holds, and still forwards', () => {
		build(3, {stations: 2});
		for (let i = 1; i <= 4; i++) arrive(0, frame(broadcast, station(i)));
		expect([bridge.table.size, bridge.notLearnt, bridge.flooded]).toEqual([2, 2, 4]);
	});

	describe('a port that goes down', () => {
		it('loses what was learnt behind it, and neither sends nor receives', () => {
			arrive(0, frame(broadcast, station(1)));
			devices[0].carrier = false;
			devices[0].onCarrier(false);
			arrive(1, frame(station(1), station(2)));
			expect(taken()).toEqual([0, 1, 2]);
			arrive(0, frame(broadcast, station(1)));
			expect([taken(), bridge.dropped, statuses.at(-1)]).toEqual([[0, 1, 2], 1, dropped]);
			devices[0].onCarrier(true);
			arrive(1, frame(station(1), station(2)));
			expect(taken()).toEqual([1, 1, 3]);
		});

		it('drops what waits for it', () => {
			build(0);
			const slow = new FakeNetDevice(kernel, 'eth0', wireLimits, 1, true);
			devices = [slow, new FakeNetDevice(kernel, 'vif1')];
			const [port] = devices.map((device) => bridge.addPort(device));
			for (let i = 0; i < 5; i++) arrive(1, frame(broadcast, station(2)));
			expect(port.queue.length).toBe(4);
			slow.onCarrier(false);
			expect([port.queue.length, port.txDropped]).toEqual([0, 4]);
			// The bridge's own interface had them all.
			expect(statuses).toEqual([sent, sent, sent, sent]);
		});
	});

	it('takes a port away with what was learnt and what waits, and gives its place to the next', () => {
		arrive(0, frame(broadcast, station(1)));
		bridge.removePort(ports[0], devices[0]);
		arrive(0, frame(broadcast, station(1)));
		expect([bridge.table.size, statuses.at(-1)]).toEqual([0, dropped]);
		const next = new FakeNetDevice(kernel, 'vif9');
		expect(bridge.addPort(next).number).toBe(ports[0].number);
		arrive(1, frame(station(1), station(2)));
		expect([devices[0].taken.length, next.taken.length]).toEqual([0, 1]);
	});

	it.each([
		['of a group as sender', frame(station(1), broadcast)],
		['of nobody as sender', frame(station(1), Buffer.alloc(6))],
		['for the next bridge alone', frame(Buffer.from([0x01, 0x80, 0xc2, 0, 0, 0x0e]), station(1))],
		['shorter than a header', Buffer.alloc(13, 2)],
	])('drops a frame %s', (_what, bytes) => {
		arrive(0, bytes);
		expect([taken(), statuses, bridge.dropped]).toEqual([[0, 0, 0], [dropped], 1]);
	});

	it('forwards spanning tree’s own frames, since it has no part in it', () => {
		arrive(0, frame(Buffer.from([0x01, 0x80, 0xc2, 0, 0, 0]), station(1)));
		expect(taken()).toEqual([0, 1, 1]);
	});

	describe('its own interface', () => {
		let heard: Buffer[];
		beforeEach(() => {
			heard = [];
			bridge.local.receiver = (packet) => {
				heard.push(Buffer.from(kernel.bytes(packet.pages[0]).subarray(64, 64 + packet.lengths[0])));
				packet.done(packet, sent);
			};
		});

		it('hears what is for it, and what is for all', () => {
			arrive(0, frame(own, station(1)));
			expect([taken(), heard.length]).toEqual([[0, 0, 0], 1]);
			arrive(0, frame(broadcast, station(1)));
			expect([taken(), heard.length]).toEqual([[0, 1, 1], 2]);
		});

		it('sends by the bridge, and is never found behind another port', () => {
			arrive(1, frame(broadcast, own));
			arrive(2, frame(broadcast, station(3)));
			const packet = packetOf(kernel, [frame(station(3), own, 5)], (status) => statuses.push(status));
			kernel.inTask(() => bridge.local.transmit(packet));
			kernel.run(100_000);
			expect(devices[2].taken.at(-1)).toEqual(frame(station(3), own, 5));
			arrive(2, frame(own, station(3)));
			expect(heard.length).toBe(3);
			expect(bridge.table.size).toBe(1);
		});
	});

	it('gives a flooded packet back when the last taker is done, once', () => {
		build(0);
		devices = Array.from({length: 3}, (_, i) => new FakeNetDevice(kernel, `vif${i}`, wireLimits, 9, true));
		for (const device of devices) bridge.addPort(device);
		arrive(0, frame(broadcast, station(1)));
		devices[1].letGo();
		expect(statuses).toEqual([]);
		devices[2].letGo(1, dropped);
		expect(statuses).toEqual([sent]);
	});

	it('floods a packet in as many pieces as a guest’s can be', () => {
		let whole = 0;
		bridge.local.receiver = (packet) => {
			whole = packet.segments;
			packet.done(packet, sent);
		};
		const bytes = frame(broadcast, station(1));
		const pieces = [bytes.subarray(0, 41), ...Array.from({length: 19}, (_, i) => bytes.subarray(41 + i, 42 + i))];
		const packet = packetOf(kernel, pieces, (status) => statuses.push(status));
		kernel.inTask(() => devices[0].receiver(packet));
		kernel.run(100_000);
		expect(devices.map((device) => device.taken)).toEqual([[], [bytes], [bytes]]);
		expect([whole, statuses]).toEqual([20, [sent]]);
	});

	it('has a port’s queue wait for a full device, in order, and counts what does not fit', () => {
		build(0);
		const slow = new FakeNetDevice(kernel, 'eth0', wireLimits, 1, true);
		devices = [slow, new FakeNetDevice(kernel, 'vif1')];
		const port = bridge.addPort(slow, 3);
		bridge.addPort(devices[1]);
		for (let i = 0; i < 6; i++) arrive(1, frame(station(9), station(2), i));
		expect([slow.taken.length, port.queue.length, port.txDropped]).toEqual([1, 3, 2]);
		for (let i = 0; i < 4; i++) slow.letGo();
		expect(slow.taken.map((bytes) => bytes[14])).toEqual([0, 1, 2, 3]);
	});

	it('leaves what passes between guests whole and blank', () => {
		build(0);
		const limits = {frame: 1514, segments: 18, checksumOffload: true, segmentation: 65_535};
		devices = [0, 1].map((i) => new FakeNetDevice(kernel, `vif${i}`, limits));
		for (const device of devices) bridge.addPort(device);
		const large = Buffer.concat([frame(station(2), station(1)), Buffer.alloc(3000)]);
		const packet = packetOf(kernel, [large], () => {}, checksumBlank, 1448);
		kernel.inTask(() => devices[0].receiver(packet));
		kernel.run(100_000);
		expect([devices[1].taken, devices[1].checksums]).toEqual([[large], [checksumBlank]]);
	});

	it('does what a naive bridge does, whoever speaks to whom', () => {
		const who = fc.integer({min: 0, max: 6});
		const act = fc.oneof(
			{
				weight: 8,
				arbitrary: fc.record({what: fc.constant('frame'), port: fc.integer({min: 0, max: 3}), to: who, from: who}),
			},
			{
				weight: 1,
				arbitrary: fc.record({
					what: fc.constantFrom('down', 'up'),
					port: fc.integer({min: 0, max: 3}),
					to: who,
					from: who,
				}),
			},
		);
		fc.assert(
			fc.property(fc.array(fc.tuple(act, fc.integer({min: 0, max: 40})), {maxLength: 80}), (acts) => {
				build(4, {ageing: 100 * second, stations: 4});
				const model = new Map<number, {port: number; heard: number}>();
				const up = [true, true, true, true];
				const expected = [0, 0, 0, 0];
				for (const [{what, port, to, from}, wait] of acts) {
					kernel.run(wait * second);
					const now = kernel.now();
					for (const [number, {heard}] of model) if (heard + 100 * second < now) model.delete(number);
					if (what !== 'frame') {
						up[port] = what === 'up';
						devices[port].onCarrier(up[port]);
						for (const [number, entry] of model) if (!up[port] && entry.port === port) model.delete(number);
						continue;
					}

					if (up[port]) {
						if (model.has(from) || model.size < 4) model.set(from, {port, heard: now});
						const known = to === 0 ? undefined : model.get(to);
						for (let other = 0; other < 4; other++) {
							const hears = other !== port && up[other] && (known === undefined || known.port === other);
							if (hears) expected[other]++;
						}
					}

					arrive(port, frame(to === 0 ? broadcast : station(to), station(from)));
					expect(taken()).toEqual(expected);
				}

				expect(statuses.length).toBe(acts.filter(([{what}]) => what === 'frame').length);
			}),
			{numRuns: 100},
		);
	});
});
