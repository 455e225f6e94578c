/** Guests' network interfaces on a host as Xen 1.0 has it: both ends real, a bridge in the hypervisor between them, a NIC with its native driver there. */
import {FramePool} from '../../source/hw/lan/frame-pool.js';
import {Link} from '../../source/hw/lan/link.js';
import type {WireFrame} from '../../source/hw/lan/wire.js';
import {E1000} from '../../source/hw/nic/e1000.js';
import {FrameTap} from '../../source/net/frame-tap.js';
import {Bridge} from '../../source/sim/backend/bridge.js';
import {RingIdentities} from '../../source/sim/channel/ring-identities.js';
import {ringSlots as blockSlots} from '../../source/sim/channel/vbd1.js';
import {ringSlots} from '../../source/sim/channel/vif1.js';
import {E1000Driver} from '../../source/sim/drivers/e1000.js';
import {Xen1Vif} from '../../source/sim/frontend/xen1-vif.js';
import {AssignedDevice} from '../../source/sim/kernel/assigned-device.js';
import type {NetPacket} from '../../source/sim/kernel/net-device.js';
import {DOMID_XEN} from '../../source/sim/xen/domid.js';
import {bytesOf, packetOf} from './fake-net-device.js';
import {xen1Host} from './xen1-host.js';

export const macOf = (number: number) => Uint8Array.from([0xaa, 0, 0, 0, 0, number]);

/** A frame between two numbered stations, 255 for all of them. */
export function frameOf(to: number, from: number, payload: Buffer): Buffer {
	const head = Buffer.alloc(14);
	head.fill(0xff, 0, 6);
	if (to !== 255) head.set(macOf(to), 0);
	head.set(macOf(from), 6);
	head.writeUInt16BE(0x88b5, 12);
	return Buffer.concat([head, payload]);
}

export function xen1Net({iommu = false} = {}) {
	const host = xen1Host({iommu});
	const {engine, machine, xen, kernel, devices, run, inXen} = host;
	const backend = devices.net;
	const bridge = new Bridge(kernel, 'xenbr0', {mac: macOf(100)});

	const guest = (number: number, start = true) => {
		const name = `vm${number}`;
		const own = host.domain(name, 1, 1024);
		const {events} = devices.addDomain(own, new RingIdentities(blockSlots));
		const identities = {
			transmitIdentities: new RingIdentities(ringSlots),
			receiveIdentities: new RingIdentities(ringSlots),
		};
		const tap = new FrameTap(`${name}:0`);
		const shared = {channel: `${name}:0`, vif: 0, mac: macOf(number), hash: engine.hash, ...identities};
		const back = backend.attach({domid: own.domid, info: events.info.words, tap, ...shared});
		bridge.addPort(back);
		const front = new Xen1Vif(own, events, backend, {name: 'eth0', words: back.page.words, ...shared});
		const got: Buffer[] = [];
		const pages: number[] = [];
		front.receiver = (packet: NetPacket) => {
			got.push(bytesOf(own, packet));
			pages.push(packet.pages[0]);
			packet.done(packet, 0);
		};
		const statuses: number[] = [];
		/** Sends packets, each given as its pieces, in one task. */
		const send = (...packets: Buffer[][]) => {
			host.inGuest(own, () => {
				for (const pieces of packets) {
					const packet = packetOf(own, pieces, (status) => {
						statuses.push(status);
						for (let i = 0; i < packet.segments; i++) own.releasePage(packet.pages[i]);
					});
					packet.identity = engine.trace.begin();
					front.transmit(packet);
				}
			});
			run(5_000_000);
		};
		if (start) {
			host.inGuest(own, () => front.start());
			run(1_000_000);
		}

		return {kernel: own, events, back, front, got, pages, statuses, send, tap};
	};

	/** A NIC on a wire, driven in Xen and put into the bridge. */
	const nic = () => {
		const address = '00:05.0';
		const link = new Link(engine, new FramePool(), 'eth0', {rate: 1_000_000_000, delay: 0});
		const device = new E1000({engine, ...machine}, link.first, {address, name: 'eth0', mac: macOf(200)});
		link.first.attach(device);
		machine.bus.plug(device);
		const heard: Buffer[] = [];
		link.second.attach({
			receive: (frame: WireFrame) => {
				heard.push(Buffer.from(frame.bytes.subarray(0, frame.length)));
				link.second.release(frame);
			},
			linkChanged: () => {},
		});
		if (xen.assignment.assign(DOMID_XEN, 'Xen', address) !== 0) throw new Error('the NIC is nobody’s');
		const driver = new E1000Driver(kernel, new AssignedDevice(xen, kernel, address, 'eth0'));
		bridge.addPort(driver.device);
		inXen(() => driver.start(() => {}));
		run(100_000_000);
		const arrive = (...frames: Buffer[]) => {
			for (const bytes of frames) {
				const frame = link.second.frame(bytes.length);
				bytes.copy(frame.bytes);
				frame.length = bytes.length;
				run(link.second.send(frame));
			}

			run(5_000_000);
		};
		return {driver, heard, arrive};
	};

	return {...host, net: backend, bridge, netGuest: guest, nic};
}

export type Xen1Net = ReturnType<typeof xen1Net>;
