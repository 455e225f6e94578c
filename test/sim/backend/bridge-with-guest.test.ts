/** A real vif, a bridge and a real NIC in one domain: a guest's packets on the wire, the LAN's in the guest, with the IOMMU watching. */
import {describe, expect, it} from 'vitest';
import {FramePool} from '../../../source/hw/lan/frame-pool.js';
import {Link} from '../../../source/hw/lan/link.js';
import {E1000} from '../../../source/hw/nic/e1000.js';
import {PacketBuffer} from '../../../source/net/packet-buffer.js';
import {Transport} from '../../../source/net/transport.js';
import {Bridge, bridgeDefaults} from '../../../source/sim/backend/bridge.js';
import {E1000Driver} from '../../../source/sim/drivers/e1000.js';
import {AssignedDevice} from '../../../source/sim/kernel/assigned-device.js';
import {checksumBlank, checksumValidated, sent} from '../../../source/sim/kernel/net-device.js';
import {inKernel} from '../../support/disk-channel.js';
import {Listener} from '../../support/lan-stations.js';
import {netChannel, packetOf, pattern, pieces} from '../../support/net-channel.js';
import {station, tcpFrame, udpFrame} from '../../support/packets.js';

const address = '00:05.0';
const mac = Uint8Array.of(0x00, 0x1b, 0x21, 0x11, 0x22, 0x33);
const [web, outside] = [station(1), station(3)];

function host() {
	const channel = netChannel();
	const {engine, machine, xen, domainZero, back} = channel;
	const link = new Link(engine, new FramePool(), 'eth0', {rate: 1_000_000_000, delay: 0});
	const nic = new E1000({engine, ...machine}, link.first, {address, name: 'eth0', mac});
	link.first.attach(nic);
	machine.bus.plug(nic);
	xen.assignment.assign(domainZero.domid, 'Domain-0', address);
	const driver = new E1000Driver(domainZero, new AssignedDevice(xen, domainZero, address, 'eth0'));
	const bridge = new Bridge(domainZero, 'xenbr0', {mac});
	const wire = bridge.addPort(driver.device);
	const vif = bridge.addPort(back, bridgeDefaults.vifQueueLength);
	const far = new Listener(engine, link.second);
	inKernel(domainZero, () => driver.start(() => {}));
	channel.connect();
	channel.run(100_000_000);
	return {...channel, driver, bridge, wire, vif, far};
}

describe('a guest on a bridge with a NIC', () => {
	it('sends a large packet that leaves as frames, each right, out of the guest’s own pages', () => {
		const bench = host();
		expect([bench.wire.up, bench.vif.up]).toEqual([true, true]);
		const whole = tcpFrame(web, outside, pattern(30_000), true);
		const each = packetOf(bench.guest, pieces(whole, 54, 4096, 4096, 4096, 4096, 4096, 4096, 4096), {
			checksum: checksumBlank,
			segmentSize: 1448,
		});
		bench.fromGuest(each);
		bench.run(5_000_000);
		expect([each.taken, each.status]).toEqual([true, sent]);
		const payloads = bench.far.heard.map(({bytes}) => {
			const buffer = new PacketBuffer(1);
			buffer.add(bytes, 0, bytes.length);
			const transport = new Transport();
			expect([transport.find(buffer), transport.isRight(buffer)]).toEqual([true, true]);
			return bytes.subarray(transport.payload, transport.end);
		});
		expect(payloads.length).toBe(Math.ceil(30_000 / 1448));
		expect(Buffer.concat(payloads).equals(pattern(30_000))).toBe(true);
		expect(bench.machine.iommu.faults).toBe(0);
	});

	it('receives what the LAN sends it, checked by the NIC', () => {
		const bench = host();
		const frames = Array.from({length: 100}, (_, i) => udpFrame(outside, web, pattern(1000, i)));
		bench.far.sendAll(frames);
		bench.run(5_000_000);
		expect(bench.atGuest.bytes.length).toBe(100);
		expect(bench.atGuest.bytes.every((bytes, i) => bytes.equals(frames[i]))).toBe(true);
		expect(bench.atGuest.seen[0].checksum).toBe(checksumValidated);
		expect([bench.driver.counters.rxPackets, bench.vif.txPackets, bench.vif.txDropped]).toEqual([100, 100, 0]);
	});
});
