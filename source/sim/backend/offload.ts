/**
What a device cannot do for itself, done in software before it: TCP segmentation of packets larger than a frame (GSO) and checksums left blank.
Stands in front of a device and passes on untouched whatever it takes as it is. One packet is worked on at a time, a costed step for
each segment; payload is not copied. After Linux net/core/dev.c (validate_xmit_skb) and net/ipv4/tcp_offload.c (tcp_gso_segment).
*/
import {copyBytes} from '../../engine/bytes.js';
import type {Step} from '../../engine/step.js';
import {read16, read32, write16, write32} from '../../net/bytes.js';
import {finish, sumOf} from '../../net/checksum.js';
import {ethernetHeaderBytes} from '../../net/ethernet.js';
import {ipv4Checksum, ipv4HeaderLength, ipv4Identification, protocolTcp} from '../../net/ipv4.js';
import {PacketBuffer} from '../../net/packet-buffer.js';
import {flagFin, flagPsh} from '../../net/tcp.js';
import {Transport} from '../../net/transport.js';
import type {Kernel} from '../kernel/kernel.js';
import {checksumBlank, checksumPresent, dropped, type NetLimits, type NetPacket} from '../kernel/net-device.js';
import {bridgeCosts} from './bridge-costs.js';
import {headerRoom, OffloadSegments} from './offload-segments.js';
import type {PacketTaker} from './transmit-queue.js';

/** Segments under way at once: more than a ring of 256 descriptors holds at two each. */
const segmentLimit = 256;
/** Pieces of a packet that is worked on; a segment has its headers in one more. */
const mostPieces = 32;
/** CWR stays on the first segment, FIN and PSH on the last. */
const flagCwr = 128;
const kibibyte = 1024;

export interface OffloadDevice extends PacketTaker {
	readonly limits: NetLimits;
}

export class Offload implements PacketTaker {
	/** Packets cut into segments, and the segments made of them. */
	segmented = 0;
	segments = 0;
	/** Checksums summed here. */
	checksums = 0;
	/** Packets that are too large and cannot be cut, in too many pieces, or blank where there is nothing to fill in. */
	errors = 0;
	private readonly kernel: Kernel;
	private readonly device: OffloadDevice;
	private readonly made: OffloadSegments;
	private readonly cutStep: Step;
	private readonly perKibibyte: number;
	private readonly transport = new Transport();
	private readonly buffer: PacketBuffer;
	/** The packet being cut, null between packets; its first segment once made; the one the device had no room for. */
	private whole: NetPacket | null = null;
	private first: NetPacket | null = null;
	private refused: NetPacket | null = null;
	/** No segment was free to go on with. */
	private starved = false;
	/** Payload bytes of a segment, those handed over, all of them; headers' bytes; and where the next payload byte lies. */
	private size = 0;
	private handed = 0;
	private payload = 0;
	private headers = 0;
	private piece = 0;
	private used = 0;
	private waiters: (() => void)[] = [];
	private woken: (() => void)[] = [];
	private readonly room: () => void;

	constructor(kernel: Kernel, name: string, device: OffloadDevice) {
		this.kernel = kernel;
		this.device = device;
		this.buffer = new PacketBuffer(mostPieces + 1);
		this.made = new OffloadSegments(kernel, segmentLimit, mostPieces + 1, () => {
			if (!this.starved) return;
			this.starved = false;
			kernel.step(this.cutStep, 0, this.checksumTime());
		});
		this.cutStep = kernel.define(`${name} segment`, bridgeCosts.segment, () => this.cut());
		this.perKibibyte = kernel.define(`${name} checksum`, bridgeCosts.checksum, () => {}).cost;
		this.room = () => this.again();
	}

	/** As NetDevice's; takes whatever the device does not, too, and gives it back as dropped where nothing helps. */
	transmit(packet: NetPacket): boolean {
		if (this.whole !== null) return false;
		const {limits} = this.device;
		const whole = packet.segmentSize === 0 ? packet.bytes <= limits.frame : packet.bytes <= limits.segmentation;
		const filled = packet.checksum !== checksumBlank || limits.checksumOffload;
		if (whole && filled && packet.segments <= limits.segments) return this.device.transmit(packet);
		if (packet.segmentSize === 0 && !whole) {
			this.give(packet);
			return true;
		}

		if (packet.segments > mostPieces) {
			this.give(packet);
			return true;
		}

		this.describe(packet);
		if (!this.transport.find(this.buffer) || !this.begin(packet)) {
			this.give(packet);
			return true;
		}

		this.kernel.step(this.cutStep, 0, this.checksumTime());
		return true;
	}

	whenRoom(wake: () => void): void {
		if (this.whole === null) this.device.whenRoom(wake);
		else this.waiters.push(wake);
	}

	/** Gives up the packet under way: the device is gone. Segments the device has it gives back itself. */
	close(): void {
		if (this.refused !== null) {
			const refused = this.refused;
			this.refused = null;
			refused.done(refused, dropped);
		}

		if (this.whole !== null) this.end();
	}

	private give(packet: NetPacket): void {
		this.errors++;
		packet.done(packet, dropped);
	}

	private describe(packet: NetPacket): void {
		const buffer = this.buffer;
		buffer.clear();
		for (let i = 0; i < packet.segments; i++) {
			buffer.add(this.kernel.bytes(packet.pages[i]), packet.offsets[i], packet.lengths[i]);
		}
	}

	/** Sets everything out for the transport found; false when it is none that can be cut. */
	private begin(packet: NetPacket): boolean {
		const {protocol, payload, end} = this.transport;
		if (packet.segmentSize > 0 && protocol !== protocolTcp) return false;
		if (payload > headerRoom) return false;
		this.whole = packet;
		this.headers = payload;
		this.payload = end - payload;
		this.size = packet.segmentSize > 0 ? packet.segmentSize : Math.max(1, this.payload);
		this.handed = 0;
		this.piece = 0;
		this.used = payload;
		if (this.payload > this.size) this.segmented++;
		return true;
	}

	/** What summing the next segment takes, if that is done here. */
	private checksumTime(): number {
		if (this.device.limits.checksumOffload) return 0;
		const bytes = this.headers + Math.min(this.size, this.payload - this.handed);
		return Math.ceil(bytes / kibibyte) * this.perKibibyte;
	}

	/** Makes one segment and hands it over. */
	private cut(): void {
		const whole = this.whole;
		if (whole === null) return;
		if (!this.made.available) {
			this.starved = true;
			return;
		}

		const segment = this.made.take(whole, this.first);
		if (this.first === null) this.first = segment;
		const bytes = Math.min(this.size, this.payload - this.handed);
		this.addPayload(segment, whole, bytes);
		this.writeHeaders(segment, whole, bytes);
		this.handed += bytes;
		this.segments++;
		if (segment.segments > this.device.limits.segments) {
			this.give(segment);
			this.next();
		} else if (this.device.transmit(segment)) this.next();
		else this.wait(segment);
	}

	private next(): void {
		if (this.whole === null) return;
		if (this.handed < this.payload) {
			this.kernel.step(this.cutStep, 0, this.checksumTime());
			return;
		}

		this.end();
		this.wakeWaiters();
	}

	private end(): void {
		const first = this.first;
		const whole = this.whole;
		this.whole = null;
		this.first = null;
		this.starved = false;
		if (first !== null) this.made.close(first);
		else if (whole !== null) whole.done(whole, dropped);
	}

	private wait(segment: NetPacket): void {
		this.refused = segment;
		this.device.whenRoom(this.room);
	}

	/** The device has room again. */
	private again(): void {
		const segment = this.refused;
		if (segment === null) return;
		this.refused = null;
		if (this.device.transmit(segment)) this.next();
		else this.wait(segment);
	}

	/** The next `bytes` of the payload, where they lie, as pieces behind the headers. */
	private addPayload(segment: NetPacket, whole: NetPacket, bytes: number): void {
		segment.segments = 1;
		segment.lengths[0] = this.headers;
		segment.bytes = this.headers + bytes;
		let left = bytes;
		while (left > 0) {
			const room = whole.lengths[this.piece] - this.used;
			if (room === 0) {
				this.piece++;
				this.used = 0;
				continue;
			}

			const length = Math.min(room, left);
			const at = segment.segments++;
			segment.pages[at] = whole.pages[this.piece];
			segment.offsets[at] = whole.offsets[this.piece] + this.used;
			segment.lengths[at] = length;
			this.used += length;
			left -= length;
		}
	}

	/** The whole's headers, with length, identification, sequence number, flags and checksums of this segment. */
	private writeHeaders(segment: NetPacket, whole: NetPacket, bytes: number): void {
		const memory = this.kernel.bytes(segment.pages[0]);
		const at = segment.offsets[0];
		const from = whole.offsets[0];
		copyBytes(this.kernel.bytes(whole.pages[0]), from, memory, at, this.headers);
		const transport = this.transport;
		if (whole.segmentSize > 0) {
			const ip = at + ethernetHeaderBytes;
			const tcp = at + transport.header;
			const number = Math.trunc(this.handed / this.size);
			write16(memory, ip + 2, this.headers - ethernetHeaderBytes + bytes);
			write16(memory, ip + ipv4Identification, (read16(memory, ip + ipv4Identification) + number) & 0xffff);
			write16(memory, ip + ipv4Checksum, 0);
			write16(memory, ip + ipv4Checksum, finish(sumOf(memory, ip, ipv4HeaderLength(memory, ip))));
			write32(memory, tcp + 4, (read32(memory, tcp + 4) + this.handed) | 0);
			if (this.handed > 0) memory[tcp + 13] &= ~flagCwr;
			if (this.handed + bytes < this.payload) memory[tcp + 13] &= ~(flagFin | flagPsh);
		}

		this.writeChecksum(segment);
	}

	private writeChecksum(segment: NetPacket): void {
		this.describe(segment);
		const transport = this.transport;
		transport.end = segment.bytes;
		transport.blank(this.buffer);
		segment.checksum = checksumBlank;
		if (this.device.limits.checksumOffload) return;
		transport.fill(this.buffer);
		segment.checksum = checksumPresent;
		this.checksums++;
	}

	private wakeWaiters(): void {
		const waiting = this.waiters;
		this.waiters = this.woken;
		this.woken = waiting;
		for (const wake of waiting) wake();
		waiting.length = 0;
	}
}
