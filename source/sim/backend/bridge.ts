/**
A learning Ethernet bridge, `xenbr0`: after IEEE 802.1D without spanning tree, as Linux's net/bridge does (br_input.c, br_forward.c, br_fdb.c).
Its ports are network devices: a NIC, vifs, and the bridge's own interface. A frame for a station that has been heard goes to its port,
every other to all ports but its own; the packet itself is handed on, not copied.
*/
import {assert} from '../../engine/assert.js';
import type {Step} from '../../engine/step.js';
import {read16, read32} from '../../net/bytes.js';
import {ethernetHeaderBytes, macBytes} from '../../net/ethernet.js';
import type {Kernel} from '../kernel/kernel.js';
import {dropped, maximumPacketBytes, type NetDevice, type NetPacket, sent} from '../kernel/net-device.js';
import {BridgeCopies, mostSegments} from './bridge-copies.js';
import {bridgeCosts} from './bridge-costs.js';
import {BridgeLocal} from './bridge-local.js';
import {BridgePort} from './bridge-port.js';
import {ForwardingTable, unknownPort} from './forwarding-table.js';
import {defaultQueueLength} from './transmit-queue.js';

export interface BridgeOptions {
	/** Six bytes: the bridge's own address. Linux takes the lowest of its ports'. */
	readonly mac: Uint8Array;
	/** How long a station is remembered after it was last heard, ns. */
	readonly ageing?: number;
	/** Stations remembered at most. */
	readonly stations?: number;
}

export const bridgeDefaults = {
	ageing: 300_000_000_000,
	stations: 1024,
	queueLength: defaultQueueLength,
	/** For a vif, whose backend has a queue of its own: a guest that takes nothing must not hold all receive buffers there are. */
	vifQueueLength: 32,
};
/** Ports of one bridge (BR_MAX_PORTS); also what a number in a step's argument is packed by. */
const portLimit = 1024;
/** Packets flooded and not yet done with, at most. */
const copyLimit = 4096;
/** Soonest the table is walked again, ns. */
const shortestWalk = 10_000_000;
/** 01:80:C2:00:00:01 to 0F are for the next bridge alone (802.1D table 7-10); :00, spanning tree's own, is forwarded where there is none. */
const reservedHigh = 0x0180;
const reservedLow = 0xc200_0000 | 0;

export class Bridge {
	/** The bridge's own interface. */
	readonly local: NetDevice;
	/** By number; null where a port was removed. Port 0 is the bridge's own interface. */
	readonly ports: (BridgePort | null)[] = [];
	/** Frames sent to one port, and to all. */
	forwarded = 0;
	flooded = 0;
	/** Frames not passed on because their station is where they came from. */
	filtered = 0;
	/** Frames dropped: of an impossible sender, to a reserved address, by a port that is down, flooded beyond what can be held. */
	dropped = 0;
	/** Stations not learnt because the table was full. */
	notLearnt = 0;
	readonly table: ForwardingTable;
	private readonly kernel: Kernel;
	private readonly copies = new BridgeCopies(copyLimit);
	/** Packets on their way through the bridge, by slot, and the ports they came from. */
	private readonly packets: (NetPacket | null)[] = [];
	private readonly from: number[] = [];
	private readonly freeSlots: number[] = [];
	private readonly ownHigh: number;
	private readonly ownLow: number;
	private ages = false;
	private readonly forwardStep: Step;
	private readonly floodStep: Step;
	private readonly ageStep: Step;
	private readonly atForward: number;

	constructor(
		kernel: Kernel,
		readonly name: string,
		options: BridgeOptions,
	) {
		const {mac, ageing = bridgeDefaults.ageing, stations = bridgeDefaults.stations} = options;
		assert(mac.length === macBytes && (mac[0] & 1) === 0, 'a bridge has an address of one station');
		this.kernel = kernel;
		this.table = new ForwardingTable(stations, ageing);
		const own = Buffer.from(mac);
		this.ownHigh = read16(own, 0);
		this.ownLow = read32(own, 2);
		this.forwardStep = kernel.define(`${name} forward`, bridgeCosts.forward, (slot) => this.forward(slot));
		this.floodStep = kernel.define(`${name} flood`, bridgeCosts.flood, (packed) => this.floodTo(packed));
		this.ageStep = kernel.define(`${name} age`, bridgeCosts.age, () => this.age());
		this.atForward = kernel.trace.point(`${name} forward`);
		const local = new BridgeLocal(name, mac, (packet) => this.arrived(packet, 0));
		this.local = local;
		const {limits} = local;
		const up = {
			limits: {...limits, frame: maximumPacketBytes, segments: mostSegments},
			transmit: (packet: NetPacket) => {
				local.receiver(packet);
				return true;
			},
			whenRoom: (wake: () => void) => wake(),
		};
		this.ports.push(new BridgePort(kernel, 0, name, up, true, 1));
	}

	/**
	Makes a device a port of the bridge, which from now on is the one who uses it. The caller is inside a step, or nothing runs yet.
	@param queueLength packets that may wait when the device is full (tx_queue_len).
	*/
	addPort(device: NetDevice, queueLength = bridgeDefaults.queueLength): BridgePort {
		let number = this.ports.indexOf(null);
		if (number < 0) number = this.ports.length;
		assert(number < portLimit, 'a bridge has at most 1024 ports');
		const port = new BridgePort(this.kernel, number, device.name, device, device.carrier, queueLength);
		this.ports[number] = port;
		device.receiver = (packet) => this.arrived(packet, number);
		device.onCarrier = (up) => this.carrier(port, up);
		return port;
	}

	/** The port's device is gone. What waits for it is dropped; what it has it gives back itself. */
	removePort(port: BridgePort, device: NetDevice): void {
		assert(this.ports[port.number] === port && port.number > 0, 'a port is removed once, and never the own one');
		this.ports[port.number] = null;
		this.table.forget(port.number);
		device.receiver = (packet) => packet.done(packet, dropped);
		device.onCarrier = () => {};
		port.close();
	}

	private carrier(port: BridgePort, up: boolean): void {
		port.up = up;
		if (up) return;
		this.table.forget(port.number);
		port.queue.purge();
	}

	/** A packet comes in by a port, inside a step: what to do with it is a step of its own. */
	private arrived(packet: NetPacket, from: number): void {
		const slot = this.freeSlots.pop() ?? this.packets.length;
		this.packets[slot] = packet;
		this.from[slot] = from;
		this.kernel.step(this.forwardStep, slot);
	}

	private forward(slot: number): void {
		const packet = this.packets[slot];
		assert(packet !== null, 'a packet is forwarded once');
		const from = this.from[slot];
		this.packets[slot] = null;
		this.freeSlots.push(slot);
		const port = this.ports[from];
		if (port === null || !port.up || packet.lengths[0] < ethernetHeaderBytes) {
			this.drop(packet);
			return;
		}

		port.rxPackets++;
		port.rxBytes += packet.bytes;
		const memory = this.kernel.bytes(packet.pages[0]);
		const at = packet.offsets[0];
		const high = read16(memory, at);
		const low = read32(memory, at + 2);
		if (!this.learn(read16(memory, at + macBytes), read32(memory, at + macBytes + 2), from)) {
			this.drop(packet);
			return;
		}

		const {identity} = packet;
		if (identity !== 0) this.kernel.trace.hop(this.kernel.now(), identity, this.atForward, from);
		if ((high & 0x0100) !== 0) {
			if (high === reservedHigh && low > reservedLow && low <= reservedLow + 15) this.drop(packet);
			else this.flood(packet, from);
			return;
		}

		const own = high === this.ownHigh && low === this.ownLow;
		const to = own ? 0 : this.table.find(high, low, this.kernel.now());
		if (to === unknownPort) {
			this.flood(packet, from);
		} else if (to === from) {
			this.filtered++;
			packet.done(packet, sent);
		} else {
			this.send(packet, to);
		}
	}

	/** Remembers where a frame's sender is. False for a sender that cannot be: a group, or nobody. */
	private learn(high: number, low: number, from: number): boolean {
		if ((high & 0x0100) !== 0 || (high === 0 && low === 0)) return false;
		// Where the own interface is, is known, whoever else claims to have its address.
		if (high === this.ownHigh && low === this.ownLow) return true;
		const now = this.kernel.now();
		if (!this.table.learn(high, low, from, now)) {
			this.notLearnt++;
		} else if (!this.ages) {
			this.ages = true;
			this.kernel.timer(this.table.ageing, this.ageStep);
		}

		return true;
	}

	private send(packet: NetPacket, to: number): void {
		const port = this.ports[to];
		if (port === null || !port.up) {
			this.drop(packet);
			return;
		}

		this.forwarded++;
		port.send(packet);
	}

	/** To every port but its own, a step for each; to a single one the packet itself goes. */
	private flood(packet: NetPacket, from: number): void {
		let takers = 0;
		let only = unknownPort;
		for (let number = 0; number < this.ports.length; number++) {
			if (number !== from && this.ports[number]?.up === true) {
				takers++;
				only = number;
			}
		}

		if (takers <= 1) {
			if (takers === 1) this.flooded++;
			if (takers === 1) this.ports[only]?.send(packet);
			else this.drop(packet);
			return;
		}

		const copy = this.copies.take(packet);
		if (copy === null) {
			this.drop(packet);
			return;
		}

		this.flooded++;
		for (let number = 0; number < this.ports.length; number++) {
			if (number !== from && this.ports[number]?.up === true) {
				this.copies.share(copy);
				this.kernel.step(this.floodStep, copy.tag * portLimit + number);
			}
		}

		this.copies.close(copy);
	}

	/** @param packed the shared packet's number and the port's. */
	private floodTo(packed: number): void {
		const copy = this.copies.at(Math.trunc(packed / portLimit));
		const port = this.ports[packed % portLimit];
		if (port?.up === true) port.send(copy);
		else copy.done(copy, dropped);
	}

	private drop(packet: NetPacket): void {
		this.dropped++;
		packet.done(packet, dropped);
	}

	/** Sweeps out who has not been heard of, and looks again when the next one is due. */
	private age(): void {
		const now = this.kernel.now();
		const next = this.table.expire(now);
		this.ages = next >= 0;
		if (this.ages) this.kernel.timer(Math.max(next - now, shortestWalk), this.ageStep);
	}
}
