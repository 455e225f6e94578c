/** A host's UDP (RFC 768): sockets by port. A datagram is sent when the device has room and the next hop is known, or not at all. */
import {pseudoHeader} from './checksum.js';
import type {ChecksumState} from './checksum-state.js';
import {type IpLayer, linkAndIpBytes} from './ip-layer.js';
import {ipv4HeaderBytes, protocolUdp} from './ipv4.js';
import type {PacketBuffer} from './packet-buffer.js';
import {type Transmitter, type Turn, turnDone, turnFull} from './turns.js';
import * as udp from './udp.js';

const firstPort = 32_768;
const ports = 28_232;

/** What became of a datagram. */
export const datagramSent = 0;
/** Not now: `writable` is said when it may be tried again. */
export const datagramWait = 1;
/** Never: too long for one packet, or nobody answers at the next hop. */
export const datagramRefused = 2;
export type DatagramStatus = typeof datagramSent | typeof datagramWait | typeof datagramRefused;

export interface UdpUser {
	/** A datagram has come: `length` bytes of payload at `offset` of the packet, which is the caller's. */
	received(packet: PacketBuffer, offset: number, length: number, from: number, fromPort: number): void;
	/** What had to wait may be tried again. */
	writable(): void;
}

/** Writes a datagram's payload: `length` bytes from its byte `position` on, at `offset` of `memory`. */
export type FillDatagram = (memory: Buffer, offset: number, position: number, length: number) => void;

export class UdpSocket implements Transmitter {
	queued = false;
	sent = 0;
	received = 0;
	private waits = false;

	constructor(
		private readonly layer: UdpLayer,
		readonly port: number,
		readonly user: UdpUser,
	) {}

	/** Longest payload of one datagram. */
	get most(): number {
		return this.layer.ip.environment.limits.mtu - ipv4HeaderBytes - udp.udpHeaderBytes;
	}

	send(to: number, port: number, length: number, fill: FillDatagram): DatagramStatus {
		const {ip} = this.layer;
		const hop = ip.nextHop(to);
		if (hop === undefined || length > this.most) {
			return datagramRefused;
		}

		if (hop.unreachable && !hop.known) {
			hop.unreachable = false;
			return datagramRefused;
		}

		this.waits = true;
		if (!ip.neighbours.isUsable(hop, this)) {
			return datagramWait;
		}

		const packet = ip.begin(hop.mac, protocolUdp, to, udp.udpHeaderBytes, length, 1);
		if (packet === null) {
			ip.turns.want(this);
			return datagramWait;
		}

		this.waits = false;
		const bytes = udp.udpHeaderBytes + length;
		const pseudo = pseudoHeader(ip.own.address, to, protocolUdp, bytes);
		const at = packet.offsets[0] + linkAndIpBytes;
		udp.writeUdp(packet.memory[0], at, this.port, port, length, pseudo);
		let skip = linkAndIpBytes + udp.udpHeaderBytes;
		let position = 0;
		for (let chunk = 0; chunk < packet.chunks; chunk++) {
			const piece = packet.lengths[chunk] - skip;
			if (piece > 0) {
				fill(packet.memory[chunk], packet.offsets[chunk] + skip, position, piece);
				position += piece;
			}

			skip = 0;
		}

		this.sent++;
		ip.send(packet, linkAndIpBytes + udp.udpChecksum, 0);
		return datagramSent;
	}

	transmit(): Turn {
		if (this.waits) {
			this.waits = false;
			this.user.writable();
		}

		return this.waits && this.layer.ip.turns.full ? turnFull : turnDone;
	}

	close(): void {
		this.layer.close(this);
	}
}

export class UdpLayer {
	/** Datagrams for ports nobody has. */
	noPort = 0;
	private readonly sockets = new Map<number, UdpSocket>();

	constructor(readonly ip: IpLayer) {}

	/** Opens a socket. @param port 0 for any that is free. @returns undefined when it is taken. */
	open(port: number, user: UdpUser): UdpSocket | undefined {
		const chosen = port === 0 ? this.freePort() : port;
		if (chosen === 0 || this.sockets.has(chosen)) {
			return undefined;
		}

		const socket = new UdpSocket(this, chosen, user);
		this.sockets.set(chosen, socket);
		return socket;
	}

	close(socket: UdpSocket): void {
		this.sockets.delete(socket.port);
	}

	input(packet: PacketBuffer, source: number, header: number, end: number, checksum: ChecksumState): void {
		const memory = packet.memory[0];
		const at = packet.offsets[0] + header;
		const contiguous = Math.min(packet.lengths[0], end) - header;
		const bytes = contiguous < udp.udpHeaderBytes ? 0 : udp.udpLength(memory, at);
		if (bytes < udp.udpHeaderBytes || bytes > end - header) {
			this.ip.malformed++;
			return;
		}

		const isSummed = memory[at + udp.udpChecksum] !== 0 || memory[at + udp.udpChecksum + 1] !== 0;
		const pseudo = pseudoHeader(source, this.ip.own.address, protocolUdp, bytes);
		if (isSummed && !this.ip.isChecksumRight(packet, header, header + bytes, pseudo, checksum)) {
			return;
		}

		const socket = this.sockets.get(udp.udpDestinationPort(memory, at));
		if (socket === undefined) {
			this.noPort++;
			return;
		}

		socket.received++;
		const payload = header + udp.udpHeaderBytes;
		socket.user.received(packet, payload, header + bytes - payload, source, udp.udpSourcePort(memory, at));
	}

	private freePort(): number {
		const first = this.ip.environment.random.below(ports);
		for (let i = 0; i < ports; i++) {
			const port = firstPort + ((first + i) % ports);
			if (!this.sockets.has(port)) {
				return port;
			}
		}

		return 0;
	}
}
