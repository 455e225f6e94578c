/** A TCP segment that has arrived, as connections look at it. One object is reused for every segment of a host. */
import type {PacketBuffer} from './packet-buffer.js';
import * as tcp from './tcp.js';

export class TcpSegment {
	sequence = 0;
	acknowledgment = 0;
	flags = 0;
	/** As it stands, not scaled. */
	window = 0;
	/** Bytes of data, and where they begin from the packet's start. */
	length = 0;
	payload = 0;
	/** Sequence number behind its data and its FIN. */
	end = 0;
	readonly options = new tcp.TcpOptions();

	/** @param header bytes from the packet's start to the TCP header, which has been checked. @param end bytes to the segment's end. */
	read(packet: PacketBuffer, header: number, end: number): void {
		const memory = packet.memory[0];
		const at = packet.offsets[0] + header;
		const headerBytes = tcp.tcpHeaderLength(memory, at);
		this.sequence = tcp.tcpSequence(memory, at);
		this.acknowledgment = tcp.tcpAcknowledgment(memory, at);
		this.flags = tcp.tcpFlags(memory, at);
		this.window = tcp.tcpWindow(memory, at);
		this.payload = header + headerBytes;
		this.length = end - this.payload;
		this.end = (this.sequence + this.length + (this.isFin ? 1 : 0)) | 0;
		this.options.read(memory, at, headerBytes);
	}

	get isSyn(): boolean {
		return (this.flags & tcp.flagSyn) !== 0;
	}

	get isAck(): boolean {
		return (this.flags & tcp.flagAck) !== 0;
	}

	get isRst(): boolean {
		return (this.flags & tcp.flagRst) !== 0;
	}

	get isFin(): boolean {
		return (this.flags & tcp.flagFin) !== 0;
	}

	/** A request to open, and nothing else. */
	get isOpening(): boolean {
		return this.isSyn && !this.isAck && !this.isRst;
	}
}
