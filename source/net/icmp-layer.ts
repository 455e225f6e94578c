/** ICMP echo: answers requests, and sends them for whoever pings (RFC 792, RFC 1122 3.2.2.6). */
import {write16} from './bytes.js';
import {finish, sumOfPacket} from './checksum.js';
import {macBytes} from './ethernet.js';
import * as icmp from './icmp.js';
import {type IpLayer, linkAndIpBytes} from './ip-layer.js';
import {protocolIcmp} from './ipv4.js';
import type {PacketBuffer} from './packet-buffer.js';

/** Hears the replies to the echo requests of one identifier. */
export interface EchoUser {
	/** The payload of a reply begins at `offset` of the packet and has `length` bytes. */
	reply(packet: PacketBuffer, offset: number, length: number, sequence: number, from: number): void;
}

export class IcmpLayer {
	requestsReceived = 0;
	repliesSent = 0;
	readonly #users = new Map<number, EchoUser>();
	readonly #mac = new Uint8Array(macBytes);

	constructor(private readonly ip: IpLayer) {}

	/** Replies with this identifier are `user`'s from now on. */
	listen(identifier: number, user: EchoUser): void {
		this.#users.set(identifier, user);
	}

	unlisten(identifier: number): void {
		this.#users.delete(identifier);
	}

	/** An identifier nobody has. */
	freeIdentifier(): number {
		let identifier = this.ip.environment.random.below(0x10000);
		while (this.#users.has(identifier)) identifier = (identifier + 1) & 0xffff;
		return identifier;
	}

	/**
	Begins an echo request: the payload of the packet, behind `linkAndIpBytes + icmpHeaderBytes` bytes, is the caller's to fill before
	`finish`. Null when the device is full.
	*/
	begin(mac: Uint8Array, to: number, identifier: number, sequence: number, length: number): PacketBuffer | null {
		return this.#begin(mac, to, icmp.icmpEchoRequest, identifier, sequence, length);
	}

	/** Puts the checksum in and sends. */
	finish(packet: PacketBuffer): void {
		const checksum = finish(sumOfPacket(packet, linkAndIpBytes, packet.length));
		write16(packet.memory[0], packet.offsets[0] + linkAndIpBytes + icmp.icmpChecksum, checksum);
		this.ip.sendAsIs(packet);
	}

	input(packet: PacketBuffer, source: number, header: number, end: number): void {
		const memory = packet.memory[0];
		const at = packet.offsets[0] + header;
		if (Math.min(packet.lengths[0], end) - header < icmp.icmpHeaderBytes) {
			this.ip.malformed++;
			return;
		}

		if (sumOfPacket(packet, header, end) !== 0xffff) {
			this.ip.badChecksums++;
			return;
		}

		const payload = header + icmp.icmpHeaderBytes;
		const identifier = icmp.icmpIdentifier(memory, at);
		const sequence = icmp.icmpSequence(memory, at);
		if (icmp.icmpType(memory, at) === icmp.icmpEchoReply) {
			this.#users.get(identifier)?.reply(packet, payload, end - payload, sequence, source);
		} else if (icmp.icmpType(memory, at) === icmp.icmpEchoRequest) {
			this.requestsReceived++;
			this.#reply(packet, source, payload, end, identifier, sequence);
		}
	}

	/** Sends the payload back the way it came; on a full device the reply is lost. */
	#reply(packet: PacketBuffer, to: number, from: number, end: number, identifier: number, sequence: number): void {
		const start = packet.offsets[0];
		packet.memory[0].copy(this.#mac, 0, start + macBytes, start + 2 * macBytes);
		const reply = this.#begin(this.#mac, to, icmp.icmpEchoReply, identifier, sequence, end - from);
		if (reply !== null) {
			copyBytes(packet, from, reply, linkAndIpBytes + icmp.icmpHeaderBytes, end - from);
			this.repliesSent++;
			this.finish(reply);
		}
	}

	#begin(
		mac: Uint8Array,
		to: number,
		type: number,
		identifier: number,
		sequence: number,
		length: number,
	): PacketBuffer | null {
		const packet = this.ip.begin(mac, protocolIcmp, to, icmp.icmpHeaderBytes, length, 1);
		if (packet !== null) {
			icmp.writeEcho(packet.memory[0], packet.offsets[0] + linkAndIpBytes, type, identifier, sequence);
		}

		return packet;
	}
}

/** Copies `length` bytes from `from` of one packet to `to` of another, whatever chunks they lie in. */
function copyBytes(source: PacketBuffer, from: number, target: PacketBuffer, to: number, length: number): void {
	let [read, readAt] = [0, from];
	let [write, writeAt] = [0, to];
	for (let left = length; left > 0; ) {
		while (readAt >= source.lengths[read]) readAt -= source.lengths[read++];
		while (writeAt >= target.lengths[write]) writeAt -= target.lengths[write++];
		const bytes = Math.min(left, source.lengths[read] - readAt, target.lengths[write] - writeAt);
		const at = source.offsets[read] + readAt;
		source.memory[read].copy(target.memory[write], target.offsets[write] + writeAt, at, at + bytes);
		readAt += bytes;
		writeAt += bytes;
		left -= bytes;
	}
}
