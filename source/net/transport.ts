/**
Where a frame's transport begins: what a NIC, a bridge that segments, or a capture needs to know of a packet without speaking its
protocol. One object is filled for each packet looked at.
*/
import {write16} from './bytes.js';
import {finish, pseudoHeader, sumOfPacket} from './checksum.js';
import {ethernetHeaderBytes, etherType, etherTypeIpv4} from './ethernet.js';
import {
	ipv4DestinationAddress,
	ipv4HeaderBytes,
	ipv4HeaderLength,
	ipv4Protocol,
	ipv4SourceAddress,
	ipv4TotalLength,
	protocolTcp,
	protocolUdp,
} from './ipv4.js';
import type {PacketBuffer} from './packet-buffer.js';
import {tcpChecksum, tcpHeaderBytes, tcpHeaderLength} from './tcp.js';
import {udpChecksum, udpHeaderBytes} from './udp.js';

export class Transport {
	/** `protocolTcp` or `protocolUdp`; 0 for everything else. */
	protocol = 0;
	/** Bytes from the frame's first to the transport header, to its checksum field, to the payload, and to the end without padding. */
	header = 0;
	checksum = 0;
	payload = 0;
	end = 0;

	/** Finds TCP or UDP in IPv4. @returns false when the frame carries neither, or too little of it. */
	find(packet: PacketBuffer): boolean {
		this.protocol = 0;
		const memory = packet.memory[0];
		const start = packet.offsets[0];
		const contiguous = packet.lengths[0];
		const ip = start + ethernetHeaderBytes;
		if (contiguous < ethernetHeaderBytes + ipv4HeaderBytes || etherType(memory, start) !== etherTypeIpv4) {
			return false;
		}

		const protocol = ipv4Protocol(memory, ip);
		const fixed = protocol === protocolTcp ? tcpHeaderBytes : udpHeaderBytes;
		this.header = ethernetHeaderBytes + ipv4HeaderLength(memory, ip);
		this.end = ethernetHeaderBytes + ipv4TotalLength(memory, ip);
		if (
			(protocol !== protocolTcp && protocol !== protocolUdp) ||
			this.header < ethernetHeaderBytes + ipv4HeaderBytes ||
			this.header + fixed > Math.min(contiguous, this.end) ||
			this.end > packet.length
		) {
			return false;
		}

		const length = protocol === protocolTcp ? tcpHeaderLength(memory, start + this.header) : udpHeaderBytes;
		this.checksum = this.header + (protocol === protocolTcp ? tcpChecksum : udpChecksum);
		this.payload = this.header + length;
		if (length < fixed || this.payload > Math.min(contiguous, this.end)) {
			return false;
		}

		this.protocol = protocol;
		return true;
	}

	/** Fills in a blank checksum: the field of the packet last found holds the pseudo header's sum, which is part of what is summed. */
	fill(packet: PacketBuffer): void {
		const checksum = finish(sumOfPacket(packet, this.header, this.end));
		// A UDP checksum of 0 means that there is none (RFC 768).
		const written = checksum === 0 && this.protocol === protocolUdp ? 0xffff : checksum;
		write16(packet.memory[0], packet.offsets[0] + this.checksum, written);
	}

	/** Writes the pseudo header's sum into the field of the packet last found: what a blank checksum is. */
	blank(packet: PacketBuffer): void {
		const memory = packet.memory[0];
		const ip = packet.offsets[0] + ethernetHeaderBytes;
		const sum = pseudoHeader(
			ipv4SourceAddress(memory, ip),
			ipv4DestinationAddress(memory, ip),
			this.protocol,
			this.end - this.header,
		);
		write16(memory, packet.offsets[0] + this.checksum, sum);
	}

	/** Whether the checksum of the packet last found fits its bytes; a UDP packet without one passes. */
	isRight(packet: PacketBuffer): boolean {
		const memory = packet.memory[0];
		const start = packet.offsets[0];
		const at = start + this.checksum;
		if (this.protocol === protocolUdp && memory[at] === 0 && memory[at + 1] === 0) {
			return true;
		}

		const ip = start + ethernetHeaderBytes;
		const pseudo = pseudoHeader(
			ipv4SourceAddress(memory, ip),
			ipv4DestinationAddress(memory, ip),
			this.protocol,
			this.end - this.header,
		);
		const sum = sumOfPacket(packet, this.header, this.end) + pseudo;
		return (sum >>> 16) + (sum & 0xffff) === 0xffff;
	}
}

const shared = new Transport();

/** Fills in the blank TCP or UDP checksum of a packet. @returns false when there is none to fill in. */
export function fillChecksum(packet: PacketBuffer): boolean {
	if (!shared.find(packet)) {
		return false;
	}

	shared.fill(packet);
	return true;
}
