/**
IPv4 on one interface: where a packet goes, its Ethernet and IP headers, and the checks of one that arrives. One address, one link, at
most one gateway; nothing is forwarded and nothing fragmented.
*/
import {assert} from '../engine/assert.js';
import {write16} from './bytes.js';
import {finish, sumOfPacket} from './checksum.js';
import {type ChecksumState, checksumBlank, checksumPresent} from './checksum-state.js';
import type {StackEnvironment} from './environment.js';
import * as ethernet from './ethernet.js';
import * as ipv4 from './ipv4.js';
import {type Neighbour, Neighbours} from './neighbours.js';
import type {PacketBuffer} from './packet-buffer.js';
import {Timers} from './timers.js';
import {Turns} from './turns.js';

export interface StackAddress {
	/** Six bytes. */
	readonly mac: Uint8Array;
	/** Signed 32-bit. */
	readonly address: number;
	readonly prefix: number;
	/** Who takes packets for other links; undefined when nobody does. */
	readonly gateway?: number;
}

/** Bytes before the transport header. */
export const linkAndIpBytes = ethernet.ethernetHeaderBytes + ipv4.ipv4HeaderBytes;

export class IpLayer {
	readonly timers: Timers;
	readonly turns = new Turns();
	readonly neighbours: Neighbours;
	sent = 0;
	received = 0;
	/** Arrived and not for this host: another MAC or another address. */
	notForUs = 0;
	/** Arrived with a header that makes no sense, a bad header checksum, as a fragment, or with a bad transport checksum. */
	malformed = 0;
	badHeaderChecksums = 0;
	fragments = 0;
	badChecksums = 0;
	private readonly mask: number;
	private identification: number;

	constructor(
		readonly environment: StackEnvironment,
		readonly own: StackAddress,
	) {
		assert(own.prefix >= 1 && own.prefix <= 32, 'a prefix has 1 to 32 bits');
		this.timers = new Timers(environment);
		this.neighbours = new Neighbours(environment, this.timers, this.turns, own.mac, own.address);
		this.mask = own.prefix === 32 ? -1 : ~(-1 >>> own.prefix);
		this.identification = environment.random.next() & 0xffff;
	}

	/** Whose MAC packets for `destination` carry: its own on the link, the gateway's elsewhere; undefined when there is no way. */
	nextHop(destination: number): Neighbour | undefined {
		if (((destination ^ this.own.address) & this.mask) === 0) {
			return this.neighbours.entry(destination);
		}

		return this.own.gateway === undefined ? undefined : this.neighbours.entry(this.own.gateway);
	}

	/**
	Asks for a packet and writes its Ethernet and IP headers.
	@param transport bytes of the transport header; payload follows. @param segments frames it will be cut into.
	@returns null when the device is full.
	*/
	begin(
		mac: Uint8Array,
		protocol: number,
		destination: number,
		transport: number,
		payload: number,
		segments: number,
	): PacketBuffer | null {
		const packet = this.environment.packet(linkAndIpBytes + transport, payload);
		if (packet === null) {
			this.turns.full = true;
			return null;
		}

		const memory = packet.memory[0];
		const start = packet.offsets[0];
		ethernet.writeEthernet(memory, start, mac, this.own.mac, ethernet.etherTypeIpv4);
		const ip = start + ethernet.ethernetHeaderBytes;
		const length = transport + payload;
		ipv4.writeIpv4(memory, ip, protocol, this.own.address, destination, length, this.identification);
		this.identification = (this.identification + segments) & 0xffff;
		return packet;
	}

	/** Sends a packet of TCP or UDP whose checksum field, at `field` from the packet's start, holds the pseudo header's sum. */
	send(packet: PacketBuffer, field: number, segmentSize: number): void {
		this.sent++;
		if (this.environment.limits.checksumOffload) {
			this.environment.send(packet, checksumBlank, segmentSize);
			return;
		}

		const checksum = finish(sumOfPacket(packet, linkAndIpBytes, packet.length));
		const memory = packet.memory[0];
		const start = packet.offsets[0];
		// 0 would say that a UDP packet has none.
		const isUdp = ipv4.ipv4Protocol(memory, start + ethernet.ethernetHeaderBytes) === ipv4.protocolUdp;
		write16(memory, start + field, checksum === 0 && isUdp ? 0xffff : checksum);
		this.environment.send(packet, checksumPresent, segmentSize);
	}

	/** Sends a packet that has no transport checksum, or has it already. */
	sendAsIs(packet: PacketBuffer): void {
		this.sent++;
		this.environment.send(packet, checksumPresent, 0);
	}

	/**
	Looks at an arrived packet as far as IP goes; ARP is dealt with here.
	@returns bytes from the packet's start to the transport header; 0 when nothing is left to do.
	*/
	accept(packet: PacketBuffer): number {
		const memory = packet.memory[0];
		const start = packet.offsets[0];
		const contiguous = packet.lengths[0];
		if (packet.chunks === 0 || contiguous < ethernet.ethernetHeaderBytes) {
			this.malformed++;
			return 0;
		}

		if (!ethernet.isMac(memory, start, this.own.mac) && !ethernet.isGroup(memory, start)) {
			this.notForUs++;
			return 0;
		}

		const type = ethernet.etherType(memory, start);
		if (type === ethernet.etherTypeArp) {
			this.neighbours.input(packet, start);
			return 0;
		}

		if (type !== ethernet.etherTypeIpv4) {
			return 0;
		}

		return this.acceptIp(packet, memory, start + ethernet.ethernetHeaderBytes);
	}

	/** Whether a transport checksum is right; one that is blank or was looked at is. */
	isChecksumRight(packet: PacketBuffer, header: number, end: number, pseudo: number, state: ChecksumState): boolean {
		if (state !== checksumPresent) {
			return true;
		}

		const sum = sumOfPacket(packet, header, end) + pseudo;
		if ((sum >>> 16) + (sum & 0xffff) === 0xffff) {
			return true;
		}

		this.badChecksums++;
		return false;
	}

	private acceptIp(packet: PacketBuffer, memory: Buffer, ip: number): number {
		const contiguous = packet.lengths[0] - ethernet.ethernetHeaderBytes;
		const found = ipv4.checkIpv4(memory, ip, contiguous, packet.length - ethernet.ethernetHeaderBytes);
		if (found !== ipv4.ipv4Good) {
			if (found === ipv4.ipv4BadChecksum) this.badHeaderChecksums++;
			else if (found === ipv4.ipv4Fragment) this.fragments++;
			else this.malformed++;
			return 0;
		}

		if (ipv4.ipv4DestinationAddress(memory, ip) !== this.own.address) {
			this.notForUs++;
			return 0;
		}

		this.received++;
		return ethernet.ethernetHeaderBytes + ipv4.ipv4HeaderLength(memory, ip);
	}
}
