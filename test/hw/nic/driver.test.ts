/** The native driver on the 82540EM itself: each was written against the manual, not against the other. */
import {beforeEach, describe, expect, it} from 'vitest';
import {drop} from '../../../source/engine/fault-points.js';
import {E1000} from '../../../source/hw/nic/e1000.js';
import {E1000Driver} from '../../../source/sim/drivers/e1000.js';
import {
	type ChecksumState,
	checksumBlank,
	checksumValidated,
	NetPacket,
} from '../../../source/sim/kernel/net-device.js';
import {FakeKernel} from '../../support/fake-kernel.js';
import {BenchWire, mac, toUs} from '../../support/nic-poker.js';

const address = '00:05.0';
const second = 1_000_000_000;

class Pair {
	readonly kernel = new FakeKernel();
	readonly wire = new BenchWire(this.kernel.engine);
	readonly nic: E1000;
	readonly driver: E1000Driver;
	readonly received: {bytes: Buffer; checksum: ChecksumState; identity: number}[] = [];
	ready = false;

	constructor() {
		const {engine, memory, interrupts, iommu, bus} = this.kernel;
		this.nic = new E1000({engine, memory, interrupts, iommu}, this.wire, {address, name: 'eth0', mac});
		bus.plug(this.nic);
		iommu.device('eth0').passThrough();
		this.driver = new E1000Driver(this.kernel, this.kernel.device(address), {});
		this.nic.packetIdentity = (descriptor) => this.driver.packetIdentity(descriptor);
		this.driver.receivedIdentity = (descriptor) => this.nic.receivedIdentity(descriptor);
		this.driver.device.receiver = (packet) => {
			const at = packet.offsets[0];
			const bytes = Buffer.from(this.kernel.bytes(packet.pages[0]).subarray(at, at + packet.lengths[0]));
			this.received.push({bytes, checksum: packet.checksum, identity: packet.identity});
			packet.done(packet, 0);
		};
		this.driver.start(
			() => {
				this.ready = true;
			},
			() => {},
		);
		this.kernel.run(second / 10);
	}

	send(bytes: Buffer, checksum: ChecksumState = 0, identity = 0): number[] {
		const statuses: number[] = [];
		const packet = new NetPacket(2, 0, (_packet, status) => statuses.push(status));
		const pieces = [bytes.subarray(0, 60), bytes.subarray(60)].filter((piece) => piece.length > 0);
		for (const piece of pieces) {
			const page = this.kernel.page();
			piece.copy(this.kernel.bytes(page), 33);
			packet.pages[packet.segments] = page;
			packet.offsets[packet.segments] = 33;
			packet.lengths[packet.segments++] = piece.length;
			packet.bytes += piece.length;
		}
		packet.checksum = checksum;
		packet.identity = identity;
		this.kernel.inTask(() => {
			expect(this.driver.device.transmit(packet)).toBe(true);
		});
		return statuses;
	}

	arrive(bytes: Buffer, identity = 0): void {
		const frame = this.wire.frame(bytes.length);
		bytes.copy(frame.bytes);
		frame.length = bytes.length;
		frame.identity = identity;
		this.nic.receive(frame);
	}
}

/** Ethernet, IPv4 and TCP with the pseudo header's sum in the checksum field, as a stack leaves it for the device. */
function blankTcp(payload: number): Buffer {
	const bytes = Buffer.alloc(54 + payload, 0x5a);
	bytes.set(mac);
	bytes.writeUInt16BE(0x0800, 12);
	bytes.writeUInt16BE(0x4500, 14);
	bytes.writeUInt16BE(40 + payload, 16);
	bytes.writeUInt32BE(0, 18);
	bytes.writeUInt16BE(0x4006, 22);
	bytes.writeUInt16BE(0, 24);
	bytes.writeUInt32BE(0x0a000001, 26);
	bytes.writeUInt32BE(0x0a000002, 30);
	const pseudo = 0x0a00 + 1 + 0x0a00 + 2 + 6 + 20 + payload;
	bytes.writeUInt16BE(pseudo, 50);
	let sum = 0;
	for (let i = 14; i < 34; i += 2) sum += bytes.readUInt16BE(i);
	bytes.writeUInt16BE(~((sum & 0xffff) + (sum >>> 16)) & 0xffff, 24);
	return bytes;
}

describe('the e1000 driver and the NIC', () => {
	let pair: Pair;
	beforeEach(() => {
		pair = new Pair();
	});

	it('find each other: address, PHY, link', () => {
		expect(pair.ready).toBe(true);
		expect([...pair.driver.device.mac]).toEqual([...mac]);
		expect(pair.driver.device.carrier).toBe(true);
		expect(pair.nic.rxFree).toBe(255);
	});

	it('send packets of two segments, and give them back', () => {
		const statuses = [];
		for (let i = 0; i < 200; i++) {
			statuses.push(pair.send(toUs(100 + i * 7, i)));
			pair.kernel.run(13_000);
		}

		pair.kernel.run(second / 100);
		expect(pair.wire.sent.map((frame) => frame.bytes)).toEqual(statuses.map((_, i) => toUs(100 + i * 7, i)));
		expect(statuses.flat()).toEqual(new Array(200).fill(0));
		expect(pair.driver.outstanding).toBe(0);
	});

	it('fill a checksum in that the receiving side finds right, and hand the identity on both ways', () => {
		const request = pair.kernel.engine.trace.begin();
		pair.send(blankTcp(1400), checksumBlank, request);
		pair.kernel.run(second / 100);
		const [frame] = pair.wire.sent;
		expect(frame.identity).toBe(request);
		pair.arrive(frame.bytes, frame.identity);
		pair.kernel.run(second / 100);
		expect(pair.received).toEqual([{bytes: frame.bytes, checksum: checksumValidated, identity: request}]);
	});

	it('receive at the pace of the wire, in order', () => {
		for (let i = 0; i < 3000; i++) {
			pair.arrive(toUs(1514, i));
			pair.kernel.run(12_304);
		}
		pair.kernel.run(second / 100);
		expect(pair.received).toHaveLength(3000);
		expect(pair.received.every(({bytes}, i) => bytes.equals(toUs(1514, i)))).toBe(true);
		expect(pair.wire.out).toBe(0);
	});

	it('survive a lost link: carrier off and on again', () => {
		pair.wire.up = false;
		pair.nic.linkChanged(false);
		pair.kernel.run(second);
		expect(pair.driver.device.carrier).toBe(false);
		pair.wire.up = true;
		pair.nic.linkChanged(true);
		pair.kernel.run(second);
		expect(pair.driver.device.carrier).toBe(true);
		pair.send(toUs(100));
		pair.kernel.run(second / 100);
		expect(pair.wire.sent).toHaveLength(1);
	});

	it('survive a hung transmitter: the watchdog resets the NIC, and frames go again', () => {
		const point = pair.kernel.engine.faults.get('nic.transmit eth0');
		let left = 1;
		if (point) point.armed = {value: 0, decide: () => (left-- > 0 ? drop : 0)};
		const statuses = pair.send(toUs(100));
		pair.kernel.run(30 * second);
		expect(statuses).toHaveLength(1);
		expect(pair.wire.sent).toEqual([]);
		pair.send(toUs(200));
		pair.kernel.run(second);
		expect(pair.wire.sent.map((frame) => frame.bytes.length)).toEqual([200]);
		expect(pair.nic.transmitter.stopped).toBe('');
	});
});
