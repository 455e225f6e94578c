/**
The transmit ring: packets as legacy descriptors in DMA memory, one for each segment, and which packets the device has written back.
After the 8254x SDM §3.3 (legacy transmit descriptors) and §3.4 (ring). Memory only: registers are the port's business.
*/
import {assert} from '../../engine/assert.js';
import type {DmaMemory, Kernel} from '../kernel/kernel.js';
import {checksumBlank, type NetPacket} from '../kernel/net-device.js';
import * as e1000 from './e1000-registers.js';

const highUnit = 4_294_967_296;
const ethernetBytes = 14;
const protocolTcp = 6;
const protocolUdp = 17;
/** Where the checksum lies in a TCP and in a UDP header. */
const tcpChecksumOffset = 16;
const udpChecksumOffset = 6;

export class E1000TransmitRing {
	readonly memory: DmaMemory;
	/** Descriptors that nobody has been promised. One stays unused: head == tail means empty. */
	free: number;
	/** Next descriptor to write (next_to_use), and the first the device has not been seen to be done with (next_to_clean). */
	next = 0;
	clean = 0;
	/** Packets in the ring. */
	packets = 0;
	private readonly kernel: Kernel;
	/** By a packet's first descriptor: the packet, which its last descriptor is, and when it was queued. */
	private readonly packet: (NetPacket | null)[];
	private readonly last: Int32Array;
	private readonly queued: Float64Array;

	constructor(
		kernel: Kernel,
		readonly entries: number,
	) {
		this.kernel = kernel;
		this.memory = kernel.dmaMemory(entries * e1000.descriptorWords * 4);
		this.free = entries - 1;
		this.packet = new Array(entries).fill(null);
		this.last = new Int32Array(entries);
		this.queued = new Float64Array(entries);
	}

	/** As after a reset of the device; the ring is empty of packets. */
	clear(): void {
		assert(this.packets === 0, 'packets are given back before their ring is cleared');
		this.memory.words.fill(0);
		this.next = 0;
		this.clean = 0;
	}

	/** When the oldest packet in the ring was queued, ns. */
	get oldest(): number {
		return this.queued[this.clean];
	}

	/** Whether the device has written the oldest packet back. */
	get pending(): boolean {
		return this.packets > 0 && this.isDone(this.last[this.clean]);
	}

	/** The trace identity of the packet whose first descriptor is `entry`; 0 when there is none. */
	identityAt(entry: number): number {
		return this.packet[entry]?.identity ?? 0;
	}

	/**
	Writes a packet's descriptors, which the caller has set aside in `free`.
	@returns false when its blank checksum is none that the device can fill in; then nothing is written.
	*/
	put(packet: NetPacket): boolean {
		const {words} = this.memory;
		let command = e1000.commandInsertFcs | e1000.commandReportStatus | e1000.commandDelayInterrupt;
		let checksumStart = 0;
		if (packet.checksum === checksumBlank) {
			checksumStart = transportOffset(this.kernel.bytes(packet.pages[0]), packet);
			if (checksumStart < 0) return false;
			const protocol = this.kernel.bytes(packet.pages[0])[packet.offsets[0] + ethernetBytes + 9];
			const offset = checksumStart + (protocol === protocolTcp ? tcpChecksumOffset : udpChecksumOffset);
			command |= e1000.commandInsertChecksum | (offset << e1000.checksumOffsetShift);
		}

		const first = this.next;
		const {segments} = packet;
		let entry = first;
		for (let i = 0; i < segments; i++) {
			entry = this.next;
			const at = entry * e1000.descriptorWords;
			const address = this.kernel.dmaAddress(packet.pages[i], 'toDevice') + packet.offsets[i];
			words[at] = address | 0;
			words[at + 1] = Math.floor(address / highUnit);
			words[at + 2] = packet.lengths[i] | command | (i + 1 === segments ? e1000.commandEndOfPacket : 0);
			words[at + 3] = checksumStart << e1000.checksumStartShift;
			this.next = entry + 1 === this.entries ? 0 : entry + 1;
		}

		this.last[first] = entry;
		this.packet[first] = packet;
		this.queued[first] = this.kernel.now();
		this.packets++;
		return true;
	}

	/** Packets written back in a row from the oldest on. */
	done(): number {
		let count = 0;
		let entry = this.clean;
		while (count < this.packets && this.isDone(this.last[entry])) {
			count++;
			entry = this.last[entry] + 1;
			if (entry === this.entries) entry = 0;
		}

		return count;
	}

	/** Takes the oldest packet out of the ring, sent or not. */
	take(): NetPacket {
		const first = this.clean;
		const last = this.last[first];
		const packet = this.packet[first];
		assert(packet !== null && this.packets > 0, 'a packet leaves the ring once');
		this.packet[first] = null;
		this.clean = last + 1 === this.entries ? 0 : last + 1;
		this.packets--;
		this.free += packet.segments;
		return packet;
	}

	private isDone(entry: number): boolean {
		return (this.memory.words[entry * e1000.descriptorWords + 3] & e1000.descriptorDone) !== 0;
	}
}

/** Where the TCP or UDP header of an IPv4 packet begins; -1 when it is none, or a later fragment. */
function transportOffset(bytes: Buffer, packet: NetPacket): number {
	const at = packet.offsets[0];
	if (packet.lengths[0] < ethernetBytes + 20 || bytes[at + 12] !== 0x08 || bytes[at + 13] !== 0x00) return -1;
	const protocol = bytes[at + ethernetBytes + 9];
	if (protocol !== protocolTcp && protocol !== protocolUdp) return -1;
	const fragment = ((bytes[at + ethernetBytes + 6] & 0x1f) << 8) | bytes[at + ethernetBytes + 7];
	const start = ethernetBytes + (bytes[at + ethernetBytes] & 15) * 4;
	const needed = protocol === protocolTcp ? tcpChecksumOffset + 2 : udpChecksumOffset + 2;
	return fragment === 0 && start + needed <= packet.lengths[0] ? start : -1;
}
