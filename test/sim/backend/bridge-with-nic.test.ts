/** A bridge with a real NIC and two vifs, in a domain: what reaches the wire, whole and right, and what must not. */
import {beforeEach, describe, expect, it} from 'vitest';
import {FramePool} from '../../../source/hw/lan/frame-pool.js';
import {Link} from '../../../source/hw/lan/link.js';
import {E1000} from '../../../source/hw/nic/e1000.js';
import {PacketBuffer} from '../../../source/net/packet-buffer.js';
import {Transport} from '../../../source/net/transport.js';
import {Bridge} from '../../../source/sim/backend/bridge.js';
import {E1000Driver} from '../../../source/sim/drivers/e1000.js';
import {AssignedDevice} from '../../../source/sim/kernel/assigned-device.js';
import {checksumBlank, dropped, sent} from '../../../source/sim/kernel/net-device.js';
import {FakeNetDevice, packetOf} from '../../support/fake-net-device.js';
import {Listener} from '../../support/lan-stations.js';
import {station, tcpFrame, udpFrame} from '../../support/packets.js';
import {smallXen} from '../../support/small-xen.js';

const address = '00:05.0';
const mac = Uint8Array.of(0x00, 0x1b, 0x21, 0x11, 0x22, 0x33);
const guestLimits = {frame: 1514, segments: 18, checksumOffload: true, segmentation: 65_535};
const [web, db, outside] = [station(1), station(2), station(3)];

function host() {
	const {engine, machine, xen, domain} = smallXen();
	const link = new Link(engine, new FramePool(), 'eth0', {rate: 1_000_000_000, delay: 0});
	const nic = new E1000({engine, ...machine}, link.first, {address, name: 'eth0', mac});
	link.first.attach(nic);
	machine.bus.plug(nic);
	const dom0 = domain('Domain-0', 1, 4096);
	xen.assignment.assign(dom0.domid, 'Domain-0', address);
	const driver = new E1000Driver(dom0, new AssignedDevice(xen, dom0, address, 'eth0'));
	const bridge = new Bridge(dom0, 'xenbr0', {mac});
	const wire = bridge.addPort(driver.device);
	const vifs = ['vif1.0', 'vif2.0'].map((name) => new FakeNetDevice(dom0, name, guestLimits));
	for (const vif of vifs) bridge.addPort(vif);
	const far = new Listener(engine, link.second);
	driver.start(() => {});
	far.settle(100_000_000);
	const statuses: number[] = [];
	const inTask = (work: () => void) => dom0.task(dom0.define('test', {name: 'test', ns: 0, source: 'test'}, work));
	/** A guest's packet comes out of its vif. */
	const from = (vif: number, pieces: Buffer[], checksum: 0 | 1, segmentSize = 0) => {
		const packet = packetOf(dom0, pieces, (status) => statuses.push(status), checksum, segmentSize);
		inTask(() => vifs[vif].receiver(packet));
		far.settle(5_000_000);
	};
	return {dom0, inTask, bridge, wire, vifs, far, driver, statuses, from};
}

/** The payload of a frame whose transport checksum must be right. */
function checked(bytes: Buffer): Buffer {
	const buffer = new PacketBuffer(1);
	buffer.add(bytes, 0, bytes.length);
	const transport = new Transport();
	expect(transport.find(buffer)).toBe(true);
	expect(transport.isRight(buffer)).toBe(true);
	return bytes.subarray(transport.payload, transport.end);
}

describe('bridge with a NIC', () => {
	let bench: ReturnType<typeof host>;
	beforeEach(() => {
		bench = host();
	});

	it('has the NIC’s port up as soon as there is a link', () => {
		expect(bench.wire.up).toBe(true);
	});

	it('brings a guest’s datagram to the wire, its checksum filled in by the NIC, and the answer back', () => {
		bench.from(0, [udpFrame(web, outside, Buffer.alloc(300, 5), true)], checksumBlank);
		expect(bench.far.heard.map(({bytes}) => bytes)).toEqual([udpFrame(web, outside, Buffer.alloc(300, 5))]);
		const answer = udpFrame(outside, web, Buffer.alloc(200, 6));
		bench.far.settle(bench.far.send(answer) + 1_000_000);
		expect(bench.vifs.map(({taken}) => taken)).toEqual([[answer], [expect.any(Buffer)]]);
		expect(bench.statuses).toEqual([sent]);
		expect([bench.bridge.flooded, bench.bridge.forwarded]).toEqual([1, 1]);
	});

	it('cuts a guest’s large packet before the wire: each frame right, the bytes the guest’s own', () => {
		bench.far.settle(bench.far.send(udpFrame(outside, web, Buffer.alloc(20))) + 1_000_000);
		const payload = Buffer.from(Array.from({length: 40_000}, (_, i) => (i * 13 + (i >> 7)) & 0xff));
		const whole = tcpFrame(web, outside, payload, true);
		const pieces = [whole.subarray(0, 54)];
		for (let at = 54; at < whole.length; at += 4000) pieces.push(whole.subarray(at, at + 4000));
		bench.from(0, pieces, checksumBlank, 1448);
		expect(bench.far.heard.length).toBe(Math.ceil(40_000 / 1448));
		expect(Buffer.concat(bench.far.heard.map(({bytes}) => checked(bytes)))).toEqual(payload);
		expect(bench.statuses).toEqual([sent]);
		expect([bench.wire.offload.segmented, bench.wire.offload.segments, bench.wire.offload.checksums]).toEqual([
			1, 28, 0,
		]);
		expect(bench.driver.counters.txPackets).toBe(28);
	});

	it('keeps what guests say to each other off the wire, whole and blank', () => {
		bench.from(1, [udpFrame(db, web, Buffer.alloc(10))], 0);
		const before = bench.far.heard.length;
		const large = tcpFrame(web, db, Buffer.alloc(3000, 3), true);
		bench.from(0, [large], checksumBlank, 1448);
		expect(bench.vifs[1].taken).toEqual([large]);
		expect(bench.vifs[1].checksums).toEqual([checksumBlank]);
		expect(bench.far.heard.length).toBe(before);
	});

	it('queues what the NIC has no descriptors for, drops what the queue cannot hold, and answers every packet', () => {
		const {far, wire, statuses, dom0, vifs} = bench;
		far.settle(far.send(udpFrame(outside, web, Buffer.alloc(20))) + 1_000_000);
		const payload = (i: number) => Buffer.alloc(1000, i & 0xff);
		const packets = Array.from({length: 2000}, (_, i) =>
			packetOf(dom0, [udpFrame(web, outside, payload(i))], (status) => statuses.push(status)),
		);
		bench.inTask(() => {
			for (const packet of packets) vifs[0].receiver(packet);
		});
		far.settle(100_000_000);
		const kept = far.heard.length;
		expect(kept).toBeGreaterThan(255 + 1000);
		expect(wire.txDropped).toBe(2000 - kept);
		expect(statuses.filter((status) => status === sent).length).toBe(kept);
		expect(statuses.filter((status) => status === dropped).length).toBe(2000 - kept);
		expect(checked(far.heard[1000].bytes)).toEqual(payload(1000));
	});
});
