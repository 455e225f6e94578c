/**
iperf3 over UDP: numbered datagrams at a bitrate, and a receiver that counts what is lost and what comes out of order and estimates
jitter as iperf3 does (RFC 1889's filter). A datagram begins with seconds, microseconds and its number, 32 bits each.
*/
import {read32, write32} from '../bytes.js';
import type {PacketBuffer} from '../packet-buffer.js';
import type {NetworkStack} from '../stack.js';
import type {StreamPattern} from '../stream-pattern.js';
import type {Timer} from '../timers.js';
import {datagramRefused, datagramWait, type UdpSocket, type UdpUser} from '../udp-layer.js';
import {openerPattern} from './client-stream.js';
import {Pace, pacingInterval, type StreamOptions} from './iperf-test.js';

export const datagramHeaderBytes = 12;
const microsecond = 1000;
const secondInMicroseconds = 1_000_000;

/** Sends the datagrams of one stream. */
export class IperfUdpClient implements UdpUser {
	sent = 0;
	bytes = 0;
	/** Datagrams that could not be sent: too long, or nobody answers at the next hop. */
	refused = 0;
	/** No more is sent. */
	over = false;
	onEnd: (() => void) | null = null;
	readonly #socket: UdpSocket | undefined;
	readonly #pattern: StreamPattern;
	readonly #pace: Pace;
	readonly #timer: Timer;
	readonly #header = Buffer.alloc(datagramHeaderBytes);
	readonly #fill = (memory: Buffer, offset: number, position: number, length: number) => {
		const head = Math.max(0, Math.min(length, datagramHeaderBytes - position));
		if (head > 0) this.#header.copy(memory, offset, position, position + head);
		if (length > head) this.#pattern.fill(memory, offset + head, this.bytes + position + head, length - head);
	};

	constructor(
		private readonly stack: NetworkStack,
		readonly options: StreamOptions & {readonly to: number; readonly port: number},
	) {
		this.#socket = stack.udp.open(0, this);
		this.#pattern = openerPattern(this.#socket?.port ?? 0);
		this.#pace = new Pace(options);
		this.#timer = stack.ip.timers.add(() => this.#send());
	}

	start(): void {
		this.#pace.begin(this.stack.environment.now());
		this.stack.run(() => this.#send());
	}

	stop(): void {
		if (!this.over) {
			this.over = true;
			this.#timer.release();
			this.#socket?.close();
			if (this.onEnd !== null) this.onEnd();
		}
	}

	received(): void {}

	writable(): void {
		if (!this.over) this.#send();
	}

	#send(): void {
		const {to, port, length, bytes} = this.options;
		const now = this.stack.environment.now();
		const allowed = this.#pace.allowed(now);
		while (this.bytes + length <= allowed && !this.#pace.isOver(now)) {
			const stamp = Math.floor(now / microsecond);
			write32(this.#header, 0, Math.floor(stamp / secondInMicroseconds));
			write32(this.#header, 4, stamp % secondInMicroseconds);
			write32(this.#header, 8, this.sent + 1);
			const status = this.#socket?.send(to, port, length, this.#fill) ?? datagramRefused;
			if (status === datagramWait) return;
			if (status === datagramRefused) {
				this.refused++;
				break;
			}

			this.sent++;
			this.bytes += length;
		}

		if (this.#pace.isOver(now) || (bytes > 0 && this.bytes + length > bytes)) {
			this.stop();
			return;
		}

		this.#timer.set(Math.min(this.#pace.left(now), pacingInterval));
	}
}

/** What came from one sender. */
export class UdpFlow {
	/** Datagrams, and bytes of payload. */
	received = 0;
	bytes = 0;
	/** As iperf3 counts: numbers passed over, minus those that came late after all. */
	lost = 0;
	outOfOrder = 0;
	/** Nanoseconds. */
	jitter = 0;
	wrong = 0;
	#highest = 0;
	#transit = -1;
	readonly #pattern: StreamPattern;

	constructor(port: number) {
		this.#pattern = openerPattern(port);
	}

	/** A datagram of `length` bytes has come at `now`. */
	count(packet: PacketBuffer, offset: number, length: number, header: Buffer, now: number): void {
		const number = read32(header, 8);
		this.received++;
		this.bytes += length;
		if (number > this.#highest) {
			this.lost += number - 1 - this.#highest;
			this.#highest = number;
		} else {
			this.outOfOrder++;
			if (this.lost > 0) this.lost--;
		}

		this.#filter(now - (read32(header, 0) * secondInMicroseconds + read32(header, 4)) * microsecond);
		if (!this.#matches(packet, offset, length, (number - 1) * length)) this.wrong++;
	}

	#filter(transit: number): void {
		if (this.#transit >= 0) {
			const change = Math.abs(transit - this.#transit);
			this.jitter += Math.round((change - this.jitter) / 16);
		}

		this.#transit = transit;
	}

	#matches(packet: PacketBuffer, offset: number, length: number, position: number): boolean {
		let start = 0;
		for (let chunk = 0; chunk < packet.chunks; chunk++) {
			const from = Math.max(offset + datagramHeaderBytes, start);
			const to = Math.min(offset + length, start + packet.lengths[chunk]);
			const at = packet.offsets[chunk] + from - start;
			const place = position + from - offset;
			if (to > from && !this.#pattern.matches(packet.memory[chunk], at, place, to - from)) return false;
			start += packet.lengths[chunk];
		}

		return true;
	}
}

/** Senders remembered. */
const mostFlows = 1024;

/** Receives the datagrams of any number of senders. */
export class IperfUdpServer implements UdpUser {
	/** By address and port of the sender. */
	readonly flows = new Map<number, UdpFlow>();
	/** Datagrams too short for a header, or of more senders than are remembered. */
	refused = 0;
	readonly #header = Buffer.alloc(datagramHeaderBytes);
	#socket: UdpSocket | undefined;

	constructor(
		private readonly stack: NetworkStack,
		readonly port: number,
	) {}

	/** @returns false when the port is taken. */
	start(): boolean {
		this.#socket = this.stack.udp.open(this.port, this);
		return this.#socket !== undefined;
	}

	stop(): void {
		this.#socket?.close();
	}

	writable(): void {}

	received(packet: PacketBuffer, offset: number, length: number, from: number, fromPort: number): void {
		const key = (from >>> 0) * 0x10000 + fromPort;
		let flow = this.flows.get(key);
		if (length < datagramHeaderBytes || (flow === undefined && this.flows.size >= mostFlows)) {
			this.refused++;
			return;
		}

		if (flow === undefined) {
			flow = new UdpFlow(fromPort);
			this.flows.set(key, flow);
		}

		copyOut(packet, offset, this.#header);
		flow.count(packet, offset, length, this.#header, this.stack.environment.now());
	}
}

/** Copies the bytes at `offset` of the packet, whatever chunks they lie in. */
function copyOut(packet: PacketBuffer, offset: number, target: Buffer): void {
	let start = 0;
	let at = 0;
	for (let chunk = 0; chunk < packet.chunks && at < target.length; chunk++) {
		const from = Math.max(offset + at, start);
		const to = Math.min(offset + target.length, start + packet.lengths[chunk]);
		if (to > from) {
			const source = packet.offsets[chunk] + from - start;
			packet.memory[chunk].copy(target, at, source, source + to - from);
			at += to - from;
		}

		start += packet.lengths[chunk];
	}
}
