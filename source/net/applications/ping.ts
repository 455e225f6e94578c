/** ping: echo requests at an interval, their round trips, and how many were not answered (iputils' words: interval, size, count). */
import {Histogram} from '../../engine/histogram.js';
import * as icmp from '../icmp.js';
import type {EchoUser} from '../icmp-layer.js';
import {linkAndIpBytes} from '../ip-layer.js';
import type {PacketBuffer} from '../packet-buffer.js';
import type {NetworkStack} from '../stack.js';
import {StreamPattern} from '../stream-pattern.js';
import type {Timer} from '../timers.js';
import {type Transmitter, type Turn, turnDone, turnFull, turnWaits} from '../turns.js';

export interface PingOptions {
	readonly to: number;
	/** Nanoseconds between requests. */
	readonly interval: number;
	/** Bytes of payload behind the ICMP header; ping's default is 56. */
	readonly size: number;
	/** Requests to send; 0: until stopped. */
	readonly count: number;
}

/** Requests whose answers are still waited for; an answer that comes later than so many requests is a late one. */
const outstanding = 1024;
const notWaiting = -1;

export class Ping implements Transmitter, EchoUser {
	queued = false;
	sent = 0;
	received = 0;
	/** Answers that came twice, or after `outstanding` further requests. */
	duplicates = 0;
	/** Answers whose payload is not what was sent. */
	wrong = 0;
	/** Requests that could not be sent: nobody answers at the next hop. */
	unreachable = 0;
	readonly roundTrips = new Histogram();
	/** Told of each round trip, ns. */
	onReply: ((nanoseconds: number) => void) | null = null;
	readonly #sentAt = new Float64Array(outstanding).fill(notWaiting);
	readonly #identifier: number;
	readonly #pattern: StreamPattern;
	readonly #timer: Timer;
	#due = 0;

	constructor(
		private readonly stack: NetworkStack,
		readonly options: PingOptions,
	) {
		this.#identifier = stack.icmp.freeIdentifier();
		this.#pattern = new StreamPattern(this.#identifier);
		this.#timer = stack.ip.timers.add(() => this.#tick());
	}

	start(): void {
		this.stack.icmp.listen(this.#identifier, this);
		this.stack.run(() => this.#tick());
	}

	/** No request is sent any more; what was sent is still answered until `release`. */
	stop(): void {
		this.#timer.clear();
		this.#due = 0;
	}

	release(): void {
		this.#timer.release();
		this.stack.icmp.unlisten(this.#identifier);
	}

	/** Sent and not answered, those under way included. */
	get missing(): number {
		return this.sent - this.received;
	}

	transmit(): Turn {
		const {ip, icmp: layer} = this.stack;
		const hop = ip.nextHop(this.options.to);
		if (this.#due === 0) {
			return turnDone;
		}

		if (hop === undefined || (hop.unreachable && !hop.known)) {
			if (hop !== undefined) hop.unreachable = false;
			this.unreachable += this.#due;
			this.#due = 0;
			return turnDone;
		}

		if (!ip.neighbours.isUsable(hop, this)) {
			return turnWaits;
		}

		const packet = layer.begin(hop.mac, this.options.to, this.#identifier, this.sent & 0xffff, this.options.size);
		if (packet === null) {
			return turnFull;
		}

		this.#fill(packet);
		this.#sentAt[this.sent & (outstanding - 1)] = this.stack.environment.now();
		this.sent++;
		this.#due = 0;
		layer.finish(packet);
		return turnDone;
	}

	reply(packet: PacketBuffer, offset: number, length: number, sequence: number, _from: number): void {
		const slot = sequence & (outstanding - 1);
		const since = this.#sentAt[slot];
		if (since === notWaiting || ((this.sent - 1 - sequence) & 0xffff) >= outstanding) {
			this.duplicates++;
			return;
		}

		this.#sentAt[slot] = notWaiting;
		this.received++;
		if (length !== this.options.size || !this.#matches(packet, offset, length)) this.wrong++;
		const nanoseconds = this.stack.environment.now() - since;
		this.roundTrips.record(nanoseconds);
		if (this.onReply !== null) this.onReply(nanoseconds);
	}

	#tick(): void {
		const {count, interval} = this.options;
		if (count > 0 && this.sent + this.unreachable >= count) {
			return;
		}

		this.#due = 1;
		this.stack.ip.turns.want(this);
		this.#timer.set(interval);
	}

	#fill(packet: PacketBuffer): void {
		let skip = linkAndIpBytes + icmp.icmpHeaderBytes;
		let position = 0;
		for (let chunk = 0; chunk < packet.chunks; chunk++) {
			const bytes = packet.lengths[chunk] - skip;
			this.#pattern.fill(packet.memory[chunk], packet.offsets[chunk] + skip, position, bytes);
			position += bytes;
			skip = 0;
		}
	}

	#matches(packet: PacketBuffer, offset: number, length: number): boolean {
		let start = 0;
		for (let chunk = 0; chunk < packet.chunks; chunk++) {
			const from = Math.max(offset, start);
			const to = Math.min(offset + length, start + packet.lengths[chunk]);
			const at = packet.offsets[chunk] + from - start;
			if (to > from && !this.#pattern.matches(packet.memory[chunk], at, from - offset, to - from)) return false;
			start += packet.lengths[chunk];
		}

		return true;
	}
}
