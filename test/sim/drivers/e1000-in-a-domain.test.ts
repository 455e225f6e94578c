/** The e1000 driver in a domain of the real hypervisor, with the real device on a real link: what leaves, what arrives, and what happens when it does not. */
import {beforeEach, describe, expect, it} from 'vitest';
import {alter, delay, drop, pass, type Verdict} from '../../../source/engine/fault-points.js';
import {FramePool} from '../../../source/hw/lan/frame-pool.js';
import {Link} from '../../../source/hw/lan/link.js';
import type {WireFrame, WireStation} from '../../../source/hw/lan/wire.js';
import {E1000} from '../../../source/hw/nic/e1000.js';
import {E1000Driver, type E1000DriverOptions} from '../../../source/sim/drivers/e1000.js';
import {AssignedDevice} from '../../../source/sim/kernel/assigned-device.js';
import {
	checksumBlank,
	checksumPresent,
	checksumValidated,
	dropped,
	type NetPacket,
	sent,
} from '../../../source/sim/kernel/net-device.js';
import {pattern} from '../../support/e1000-bench.js';
import {bytesOf, packetOf} from '../../support/fake-net-device.js';
import {station, udpFrame} from '../../support/packets.js';
import {smallXen} from '../../support/small-xen.js';

const address = '00:05.0';
const second = 1_000_000_000;
const mac = Uint8Array.from([0x00, 0x1b, 0x21, 0x11, 0x22, 0x33]);

class Far implements WireStation {
	readonly heard: Buffer[] = [];
	constructor(readonly link: Link) {
		link.second.attach(this);
	}

	receive(frame: WireFrame): void {
		this.heard.push(Buffer.from(frame.bytes.subarray(0, frame.length)));
		this.link.second.release(frame);
	}

	linkChanged(): void {}

	send(bytes: Buffer): number {
		const frame = this.link.second.frame(bytes.length);
		bytes.copy(frame.bytes);
		frame.length = bytes.length;
		return this.link.second.send(frame);
	}
}

function host(options: Partial<E1000DriverOptions> = {}) {
	const {engine, machine, xen, domain} = smallXen();
	const link = new Link(engine, new FramePool(), 'eth0', {rate: 1_000_000_000, delay: 0});
	const nic = new E1000({engine, ...machine}, link.first, {address, name: 'eth0', mac});
	link.first.attach(nic);
	machine.bus.plug(nic);
	const dom0 = domain('Domain-0', 1, 4096);
	expect(xen.assignment.assign(dom0.domid, 'Domain-0', address)).toBe(0);
	const driver = new E1000Driver(dom0, new AssignedDevice(xen, dom0, address, 'eth0'), options);
	const far = new Far(link);
	const received: {bytes: Buffer; checksum: number}[] = [];
	const carrier: boolean[] = [];
	driver.device.onCarrier = (up) => carrier.push(up);
	driver.device.receiver = (packet: NetPacket) => {
		received.push({bytes: bytesOf(dom0, packet), checksum: packet.checksum});
		packet.done(packet, sent);
	};
	const run = (nanoseconds: number) => engine.run(engine.now + nanoseconds, 10_000_000);
	const inTask = (work: () => void) => dom0.task(dom0.define('test', {name: 'test', ns: 0, source: 'test'}, work));
	const statuses: number[] = [];
	const send = (pieces: Buffer[], checksum: 0 | 1 = checksumPresent) => {
		inTask(() => driver.device.transmit(packetOf(dom0, pieces, (status) => statuses.push(status), checksum)));
		run(1_000_000);
	};
	const said = (what: string) => engine.log.since(0).some(({text}) => text.includes(what));
	driver.start(() => {});
	run(second / 10);
	return {
		engine,
		machine,
		xen,
		domain,
		dom0,
		driver,
		nic,
		link,
		far,
		received,
		carrier,
		statuses,
		said,
		run,
		inTask,
		send,
	};
}

describe('e1000 driver in a domain', () => {
	let bench: ReturnType<typeof host>;
	/** What the device's transmitter does with the next `count` packets. */
	const armTransmit = (verdict: Verdict, count = 1, value = 0) => {
		const point = bench.engine.faults.get('nic.transmit eth0');
		if (point === undefined) throw new Error('the device has a fault point');
		let left = count;
		point.armed = {decide: () => (left-- > 0 ? verdict : pass), value};
	};
	beforeEach(() => {
		bench = host();
	});

	it('probes the device, whose link is up', () => {
		expect([bench.driver.state, bench.driver.device.carrier, bench.carrier]).toEqual(['live', true, [true]]);
		expect([...bench.driver.device.mac]).toEqual([...mac]);
		expect(bench.machine.iommu.faults).toBe(0);
	});

	it('sends scattered bytes as one frame, and fills in what is blank', () => {
		bench.send([pattern(14, 1), pattern(1000, 2), pattern(500, 3)]);
		bench.send([udpFrame(station(1), station(2), pattern(101, 4), true)], checksumBlank);
		expect(bench.statuses).toEqual([sent, sent]);
		expect(bench.far.heard[0]).toEqual(Buffer.concat([pattern(14, 1), pattern(1000, 2), pattern(500, 3)]));
		expect(bench.far.heard[1]).toEqual(udpFrame(station(1), station(2), pattern(101, 4)));
		bench.far.send(bench.far.heard[1]);
		bench.run(1_000_000);
		expect(bench.received).toEqual([{bytes: bench.far.heard[1], checksum: checksumValidated}]);
	});

	it('receives what is addressed to others, too: a bridge wants it', () => {
		const frame = Buffer.concat([Buffer.from('00163e000001', 'hex'), pattern(60, 7)]);
		bench.far.send(frame);
		bench.run(1_000_000);
		expect(bench.received).toEqual([{bytes: frame, checksum: checksumPresent}]);
	});

	it('keeps up with a saturated wire in both directions, eight thousand interrupts a second at most', () => {
		const frames = 2000;
		let left = frames;
		const again = (packet: NetPacket) => {
			if (left-- > 0) bench.driver.device.transmit(packet);
		};
		for (let i = 0; i < 64; i++) {
			const packet: NetPacket = packetOf(bench.dom0, [pattern(1514, i)], () => again(packet));
			bench.inTask(() => again(packet));
		}

		const interrupts = bench.driver.counters.interrupts;
		for (let i = 0; i < frames; i++) {
			bench.far.send(pattern(1514, i & 255));
			bench.run(12_304);
		}

		expect(bench.far.heard.length).toBeGreaterThan(frames - 5);
		bench.run(1_000_000);
		expect(bench.driver.counters.interrupts - interrupts).toBeLessThanOrEqual(8000 * (frames * 12_304e-9 + 0.001) + 1);
		expect(bench.received.length).toBe(frames);
		expect(bench.received.every(({bytes}, i) => bytes.equals(pattern(1514, i & 255)))).toBe(true);
		expect(bench.driver.counters).toMatchObject({txPackets: frames, rxPackets: frames, rxBuffersLacking: 0});
	});

	it('loses what a receiver without buffers cannot hold, says how much, and goes on', () => {
		bench = host({receiveBuffers: 1280});
		const kept: NetPacket[] = [];
		bench.driver.device.receiver = (packet) => kept.push(packet);
		for (let i = 0; i < 1700; i++) {
			bench.far.send(pattern(1514, i & 255));
			bench.run(12_304);
		}

		bench.driver.device.receiver = (packet) => {
			bench.received.push({bytes: bytesOf(bench.dom0, packet), checksum: packet.checksum});
			packet.done(packet, sent);
		};
		bench.run(2.1 * second);
		const {counters} = bench.driver;
		expect(kept.length).toBeLessThanOrEqual(1280);
		expect(counters.missedPackets).toBeGreaterThan(300);
		expect(counters.totalPacketsReceived).toBe(1700);
		bench.inTask(() => {
			for (const packet of kept) packet.done(packet, sent);
		});
		bench.run(10_000_000);
		bench.far.send(pattern(1000, 9));
		bench.run(1_000_000);
		expect(bench.received.at(-1)?.bytes).toEqual(pattern(1000, 9));
	});

	it('finds a hung transmitter, resets it five seconds later, and drops what was in it', () => {
		armTransmit(drop);
		bench.send([pattern(100, 1)]);
		bench.run(6 * second);
		expect(bench.statuses).toEqual([dropped]);
		for (const line of ['Detected Tx Unit Hang', 'NETDEV WATCHDOG: eth0 (e1000)', 'eth0: reset done']) {
			expect(bench.said(line), line).toBe(true);
		}

		bench.send([pattern(100, 2)]);
		expect([bench.statuses, bench.far.heard]).toEqual([[dropped, sent], [pattern(100, 2)]]);
	});

	it('waits for a transmitter that pauses', () => {
		armTransmit(delay, 1, 3 * second);
		bench.send([pattern(100, 1)]);
		bench.run(8 * second);
		expect([bench.statuses, bench.driver.counters.resets, bench.far.heard.length]).toEqual([[sent], 0, 1]);
	});

	it('follows the link down and up', () => {
		bench.link.setUp(false);
		bench.run(1_000_000);
		expect(bench.carrier).toEqual([true, false]);
		bench.send([pattern(100, 1)]);
		expect(bench.statuses).toEqual([dropped]);
		bench.link.setUp(true);
		bench.run(1_000_000);
		bench.send([pattern(100, 2)]);
		expect([bench.carrier, bench.statuses, bench.far.heard]).toEqual([
			[true, false, true],
			[dropped, sent],
			[pattern(100, 2)],
		]);
	});

	it('cannot have the device read a page that is not the domain’s: the IOMMU refuses, the unit hangs, the packet is dropped', () => {
		const victim = bench.domain('victim', 1, 64).page();
		const statuses: number[] = [];
		const packet = packetOf(bench.dom0, [pattern(100, 1), pattern(100, 2)], (status) => statuses.push(status));
		packet.pages[1] = victim;
		bench.inTask(() => bench.driver.device.transmit(packet));
		bench.run(7 * second);
		expect([statuses, bench.far.heard, bench.machine.iommu.faults]).toEqual([[dropped], [], 1]);
		bench.send([pattern(100, 3)]);
		expect(bench.statuses).toEqual([sent]);
	});

	it('drops what was under way when the device is pulled, and uses it again when it is back', () => {
		armTransmit(drop);
		bench.send([pattern(100, 1)]);
		bench.machine.bus.setPresent(address, false);
		bench.run(2.1 * second);
		expect([bench.driver.state, bench.statuses]).toEqual(['removed', [dropped]]);
		bench.machine.bus.setPresent(address, true);
		bench.run(2.1 * second);
		expect(bench.driver.state).toBe('live');
		bench.send([pattern(100, 2)]);
		expect([bench.statuses, bench.far.heard]).toEqual([[dropped, sent], [pattern(100, 2)]]);
	});

	it('counts a frame whose FCS does not fit, and does not hand it up', () => {
		const point = bench.engine.faults.get('nic.receive eth0');
		let left = 1;
		if (point) point.armed = {decide: () => (left-- > 0 ? alter : pass), value: 0};
		bench.far.send(pattern(100, 1));
		bench.run(2.1 * second);
		expect([bench.received, bench.driver.counters.crcErrors]).toEqual([[], 1]);
	});

	it('dies with its domain: frames that arrive later reach nobody', () => {
		bench.inTask(() => bench.dom0.panic('test'));
		bench.xen.cpus.onCrash = () => bench.dom0.die();
		bench.run(1_000_000);
		bench.far.send(pattern(100, 1));
		bench.run(10 * second);
		expect(bench.received).toEqual([]);
	});
});
