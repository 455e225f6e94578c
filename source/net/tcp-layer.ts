/**
A host's TCP: its connections by addresses and ports, its listeners, and resets for segments that belong to nobody (RFC 9293 3.10.7.1).
*/
import {pseudoHeader} from './checksum.js';
import type {ChecksumState} from './checksum-state.js';
import {macBytes} from './ethernet.js';
import {type IpLayer, linkAndIpBytes} from './ip-layer.js';
import {protocolTcp} from './ipv4.js';
import type {PacketBuffer} from './packet-buffer.js';
import * as tcp from './tcp.js';
import {TcpConnection, type TcpOwner} from './tcp-connection.js';
import {TcpSegment} from './tcp-segment.js';
import {TcpCounters, type TcpSettings} from './tcp-settings.js';
import type {TcpSocket, TcpUser} from './tcp-user.js';

/** Says who uses a new connection to a port; it may offer what it has to send at once. */
export type Accept = (socket: TcpSocket) => TcpUser;

const buckets = 1024;
/** net.ipv4.ip_local_port_range of Linux. */
const firstPort = 32_768;
const lastPort = 60_999;
/** Connections in TIME-WAIT; beyond it they end at once, as Linux's do beyond tcp_max_tw_buckets. */
const mostWaiting = 4096;

export class TcpLayer implements TcpOwner {
	readonly counters = new TcpCounters();
	private readonly table: (TcpConnection | null)[] = new Array(buckets).fill(null);
	private readonly listeners = new Map<number, Accept>();
	private readonly segment = new TcpSegment();
	private readonly mac = new Uint8Array(macBytes);
	private readonly timestampOffset: number;
	/** Connections there are, those in TIME-WAIT included. */
	count = 0;
	waiting = 0;
	readonly mostWaiting = mostWaiting;

	constructor(
		readonly ip: IpLayer,
		readonly settings: TcpSettings,
	) {
		this.timestampOffset = ip.environment.random.next() | 0;
	}

	listen(port: number, accept: Accept): void {
		this.listeners.set(port, accept);
	}

	unlisten(port: number): void {
		this.listeners.delete(port);
	}

	/** Opens a connection. @returns undefined when no port is free. */
	connect(remote: number, remotePort: number, user: TcpUser, nagle = this.settings.nagle): TcpSocket | undefined {
		const port = this.freePort(remote, remotePort);
		if (port === 0) {
			return undefined;
		}

		const connection = new TcpConnection(this, port, remote, remotePort, user, false);
		connection.sender.nagle = nagle;
		this.add(connection);
		this.counters.activeOpens++;
		this.ip.turns.want(connection);
		return connection;
	}

	/** Visits every connection. */
	forEach(visit: (connection: TcpConnection) => void): void {
		for (const first of this.table) {
			for (let connection = first; connection !== null; ) {
				const next: TcpConnection | null = connection.nextInTable;
				visit(connection);
				connection = next;
			}
		}
	}

	timestamp(): number {
		return (Math.floor(this.ip.environment.now() / 1_000_000) + this.timestampOffset) | 0;
	}

	remove(connection: TcpConnection): void {
		const bucket = hashOf(connection.remote, connection.remotePort, connection.localPort);
		let previous: TcpConnection | null = null;
		for (let other = this.table[bucket]; other !== null; other = other.nextInTable) {
			if (other === connection) {
				if (previous === null) this.table[bucket] = connection.nextInTable;
				else previous.nextInTable = connection.nextInTable;
				this.count--;
				return;
			}

			previous = other;
		}
	}

	/** A segment has arrived: its header is at `header` from the packet's start, its end at `end`. */
	input(packet: PacketBuffer, source: number, header: number, end: number, checksum: ChecksumState): void {
		const memory = packet.memory[0];
		const at = packet.offsets[0] + header;
		const contiguous = Math.min(packet.lengths[0], end) - header;
		const headerBytes = contiguous < tcp.tcpHeaderBytes ? 0 : tcp.tcpHeaderLength(memory, at);
		if (headerBytes < tcp.tcpHeaderBytes || headerBytes > contiguous) {
			this.ip.malformed++;
			return;
		}

		const pseudo = pseudoHeader(source, this.ip.own.address, protocolTcp, end - header);
		if (!this.ip.isChecksumRight(packet, header, end, pseudo, checksum)) {
			return;
		}

		this.counters.segmentsReceived++;
		const remotePort = tcp.tcpSourcePort(memory, at);
		const localPort = tcp.tcpDestinationPort(memory, at);
		const segment = this.segment;
		segment.read(packet, header, end);
		const connection = this.find(source, remotePort, localPort);
		if (connection !== null && !this.isNewLife(connection)) {
			connection.input(packet, segment);
			return;
		}

		const accept = this.listeners.get(localPort);
		if (accept !== undefined && segment.isOpening) {
			this.accept(accept, packet, source, remotePort, localPort);
		} else if (!segment.isRst) {
			this.reset(packet, source, remotePort, localPort);
		}
	}

	/** A SYN that begins where a connection in TIME-WAIT has ended takes its place (RFC 6191). */
	private isNewLife(connection: TcpConnection): boolean {
		const {isOpening, sequence} = this.segment;
		if (connection.state !== 'TIME-WAIT' || !isOpening || ((sequence - connection.receiver.next) | 0) <= 0) {
			return false;
		}

		connection.end('finished');
		return true;
	}

	private accept(accept: Accept, packet: PacketBuffer, source: number, remotePort: number, localPort: number): void {
		const connection = new TcpConnection(this, localPort, source, remotePort, nobody, true);
		connection.user = accept(connection);
		this.add(connection);
		this.counters.passiveOpens++;
		connection.input(packet, this.segment);
	}

	/** Answers a segment that belongs to no connection; on a full device the answer is lost. */
	private reset(packet: PacketBuffer, source: number, remotePort: number, localPort: number): void {
		const {isAck, isSyn, end, acknowledgment} = this.segment;
		// Back the way it came.
		const from = packet.offsets[0] + macBytes;
		packet.memory[0].copy(this.mac, 0, from, from + macBytes);
		const reply = this.ip.begin(this.mac, protocolTcp, source, tcp.tcpHeaderBytes, 0, 1);
		if (reply === null) {
			return;
		}

		const pseudo = pseudoHeader(this.ip.own.address, source, protocolTcp, tcp.tcpHeaderBytes);
		tcp.writeTcp(
			reply.memory[0],
			reply.offsets[0] + linkAndIpBytes,
			localPort,
			remotePort,
			isAck ? acknowledgment : 0,
			isAck ? 0 : (end + (isSyn ? 1 : 0)) | 0,
			tcp.tcpHeaderBytes,
			tcp.flagRst | (isAck ? 0 : tcp.flagAck),
			0,
			pseudo,
		);
		this.counters.resetsSent++;
		this.counters.segmentsSent++;
		this.ip.send(reply, linkAndIpBytes + tcp.tcpChecksum, 0);
	}

	private find(remote: number, remotePort: number, localPort: number): TcpConnection | null {
		let connection = this.table[hashOf(remote, remotePort, localPort)];
		while (
			connection !== null &&
			(connection.localPort !== localPort || connection.remotePort !== remotePort || connection.remote !== remote)
		) {
			connection = connection.nextInTable;
		}

		return connection;
	}

	private add(connection: TcpConnection): void {
		const bucket = hashOf(connection.remote, connection.remotePort, connection.localPort);
		connection.nextInTable = this.table[bucket];
		this.table[bucket] = connection;
		this.count++;
	}

	/** A port that no connection to the same place has, searched from a drawn one; 0 when all are taken. */
	private freePort(remote: number, remotePort: number): number {
		const ports = lastPort - firstPort + 1;
		const first = this.ip.environment.random.below(ports);
		for (let i = 0; i < ports; i++) {
			const port = firstPort + ((first + i) % ports);
			if (this.find(remote, remotePort, port) === null) {
				return port;
			}
		}

		return 0;
	}
}

function hashOf(remote: number, remotePort: number, localPort: number): number {
	const mixed = Math.imul(remote ^ (remotePort << 16) ^ localPort, 0x9e3779b1);
	return mixed >>> 22;
}

/** The user of a connection until its listener has said who it is. */
const nobody: TcpUser = {
	connected: () => undefined,
	fill: () => undefined,
	take: (_connection, _memory, _offset, _position, length) => length,
	acknowledged: () => undefined,
	peerFinished: () => undefined,
	closed: () => undefined,
};
