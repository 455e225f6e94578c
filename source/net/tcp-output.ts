/** The segments a TCP connection sends: headers, options, payload from its user, checksum. */
import {pseudoHeader} from './checksum.js';
import {type IpLayer, linkAndIpBytes} from './ip-layer.js';
import {protocolTcp} from './ipv4.js';
import type {PacketBuffer} from './packet-buffer.js';
import * as tcp from './tcp.js';
import type {TcpReceiver} from './tcp-receiver.js';
import type {TcpSegment} from './tcp-segment.js';
import type {TcpSender} from './tcp-sender.js';
import type {TcpCounters, TcpSettings} from './tcp-settings.js';
import type {TcpSocket} from './tcp-user.js';

/** Headers of IPv4 and TCP without options: what the MSS leaves out of the MTU (RFC 6691). */
const headersWithoutOptions = 40;
/** What a peer takes that does not say. */
const defaultMss = 536;

/** What the segments of one host have in common. */
export interface TcpHost {
	readonly ip: IpLayer;
	readonly settings: TcpSettings;
	readonly counters: TcpCounters;
	/** Milliseconds, modulo 2^32: what timestamps say. */
	timestamp(): number;
}

/** Writes `length` bytes of the stream from `position` on. */
type Fill = (memory: Buffer, offset: number, position: number, length: number) => void;

export class TcpOutput {
	/** Timestamps are in every segment; in a SYN they are offered. */
	timestamps: boolean;
	/** Window scaling is in use; in a SYN it is offered. */
	scaling: boolean;
	private readonly sender: TcpSender;
	private readonly receiver: TcpReceiver;

	constructor(
		private readonly host: TcpHost,
		private readonly socket: TcpSocket,
		private readonly fill: Fill,
	) {
		this.sender = socket.sender;
		this.receiver = socket.receiver;
		this.timestamps = host.settings.timestamps;
		this.scaling = host.settings.windowScaling;
	}

	/** Bytes one packet may hold: one segment, or as many whole ones as the device cuts. */
	get most(): number {
		const {mss} = this.sender;
		const room = this.host.ip.environment.limits.segmentation - linkAndIpBytes - this.headerBytes;
		return room <= mss ? mss : room - (room % mss);
	}

	/** The scale we announce. */
	private get ownScale(): number {
		return scaleFor(this.host.settings.receiveBuffer);
	}

	/** Learns from the peer's SYN what both sides will use. */
	agree({sequence, options}: TcpSegment): void {
		const {sender, receiver, host} = this;
		receiver.begin(sequence);
		this.timestamps &&= options.timestamps;
		this.scaling &&= options.scale >= 0;
		receiver.recentTimestamp = this.timestamps ? options.value : 0;
		receiver.scale = this.scaling ? this.ownScale : 0;
		sender.scale = this.scaling ? options.scale : 0;
		const ours = host.ip.environment.limits.mtu - headersWithoutOptions;
		const theirs = options.mss === 0 ? defaultMss : options.mss;
		const optionBytes = this.timestamps ? tcp.timestampOptionBytes : 0;
		sender.mss = Math.max(1, Math.min(ours, theirs) - optionBytes);
		receiver.segment = ours - optionBytes;
	}

	/** Whether a segment's timestamp says that it is older than what has come already (PAWS). */
	isOld({options}: TcpSegment): boolean {
		return this.timestamps && options.timestamps && ((options.value - this.receiver.recentTimestamp) | 0) < 0;
	}

	/** Remembers the timestamp to echo: of the segment that holds what is acknowledged next (RFC 7323 4.3). */
	noteTimestamp({options, sequence}: TcpSegment): void {
		if (this.timestamps && options.timestamps && ((sequence - this.receiver.acknowledged) | 0) <= 0) {
			this.receiver.recentTimestamp = options.value;
		}
	}

	/** Milliseconds since what a segment acknowledges was sent, as the echoed timestamp says; -1 when it does not. */
	echoed({options}: TcpSegment): number {
		const isKnown = this.timestamps && options.timestamps && options.echo !== 0;
		return isKnown ? Math.max(1, (this.host.timestamp() - options.echo) | 0) : -1;
	}

	/** Sends a SYN. @returns false when the device is full. */
	syn(flags: number): boolean {
		const {host, sender, receiver} = this;
		const scale = this.scaling ? this.ownScale : -1;
		const headerBytes = tcp.tcpHeaderBytes + tcp.synOptionBytes(scale, this.timestamps);
		const packet = this.begin(headerBytes, 0, 1);
		if (packet === null) {
			return false;
		}

		const memory = packet.memory[0];
		const at = packet.offsets[0] + linkAndIpBytes;
		this.writeHeader(memory, at, headerBytes, 0, sender.una, flags, receiver.windowField(false));
		const mss = host.ip.environment.limits.mtu - headersWithoutOptions;
		const options = at + tcp.tcpHeaderBytes;
		const echo = receiver.recentTimestamp;
		tcp.writeSynOptions(memory, options, mss, scale, this.timestamps, host.timestamp(), echo);
		this.send(packet, 0);
		sender.advance((sender.una + 1) | 0, 0, host.ip.environment.now());
		return true;
	}

	/** Sends what the sender has chosen. @returns false when the device is full. */
	chosen(): boolean {
		const {sender} = this;
		const position = sender.position + ((sender.sequence - sender.una) | 0);
		const isLast = sender.bytes > 0 && position + sender.bytes === sender.end;
		const flags = tcp.flagAck | (sender.fin ? tcp.flagFin : 0) | (isLast ? tcp.flagPsh : 0);
		if (!this.segment(sender.sequence, position, sender.bytes, flags)) {
			return false;
		}

		sender.sent(this.host.ip.environment.now());
		return true;
	}

	/** Sends one segment, its data from `position` of the stream on. @returns false when the device is full. */
	segment(sequence: number, position: number, bytes: number, flags: number): boolean {
		const {mss} = this.sender;
		const headerBytes = this.headerBytes;
		const packet = this.begin(headerBytes, bytes, bytes > mss ? Math.ceil(bytes / mss) : 1);
		if (packet === null) {
			return false;
		}

		const memory = packet.memory[0];
		const at = packet.offsets[0] + linkAndIpBytes;
		this.writeHeader(memory, at, headerBytes, bytes, sequence, flags, this.receiver.windowField(true));
		if (this.timestamps) {
			const options = at + tcp.tcpHeaderBytes;
			tcp.writeTimestamps(memory, options, this.host.timestamp(), this.receiver.recentTimestamp);
		}

		if (bytes > 0) this.fillFrom(packet, linkAndIpBytes + headerBytes, position);
		this.send(packet, bytes > mss ? mss : 0);
		return true;
	}

	private get headerBytes(): number {
		return tcp.tcpHeaderBytes + (this.timestamps ? tcp.timestampOptionBytes : 0);
	}

	/** Null when the device is full, or the next hop is not known any more. */
	private begin(headerBytes: number, bytes: number, segments: number): PacketBuffer | null {
		const {ip} = this.host;
		const {remote} = this.socket;
		const hop = ip.nextHop(remote);
		return hop?.known ? ip.begin(hop.mac, protocolTcp, remote, headerBytes, bytes, segments) : null;
	}

	private writeHeader(
		memory: Buffer,
		at: number,
		headerBytes: number,
		bytes: number,
		sequence: number,
		flags: number,
		window: number,
	): void {
		const {localPort, remotePort, remote} = this.socket;
		const pseudo = pseudoHeader(this.host.ip.own.address, remote, protocolTcp, headerBytes + bytes);
		const acknowledgment = (flags & tcp.flagAck) === 0 ? 0 : this.receiver.next;
		tcp.writeTcp(memory, at, localPort, remotePort, sequence, acknowledgment, headerBytes, flags, window, pseudo);
	}

	private fillFrom(packet: PacketBuffer, headers: number, position: number): void {
		let skip = headers;
		let from = position;
		for (let chunk = 0; chunk < packet.chunks; chunk++) {
			const bytes = packet.lengths[chunk] - skip;
			if (bytes > 0) {
				this.fill(packet.memory[chunk], packet.offsets[chunk] + skip, from, bytes);
				from += bytes;
			}

			skip = 0;
		}
	}

	private send(packet: PacketBuffer, segmentSize: number): void {
		this.host.counters.segmentsSent++;
		this.receiver.acknowledgmentSent();
		this.host.ip.send(packet, linkAndIpBytes + tcp.tcpChecksum, segmentSize);
	}
}

/** The smallest scale that lets 16 bits tell the whole buffer. */
function scaleFor(buffer: number): number {
	let scale = 0;
	while (scale < tcp.largestScale && buffer >> scale > 0xffff) scale++;
	return scale;
}
