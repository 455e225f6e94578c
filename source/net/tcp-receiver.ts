/**
The receiving half of a TCP connection: what arrives is handed on in order, what comes out of order is kept, the window follows what the
reader has taken (never drawn back, never opened by less than a segment), and acknowledgments wait as Linux's do: more than one full
segment, anything out of order and whatever fills a gap is acknowledged at once.
*/
import type {PacketBuffer} from './packet-buffer.js';
import {Reassembly} from './reassembly.js';
import type {TcpCounters} from './tcp-settings.js';

/** Bytes handed on at once, as one packet has them at most. */
const mostAtOnce = 65_535;

/** Takes bytes of the stream in order: `length` of them from `offset` of `memory` on, at `position`. Returns how many it took. */
export type Take = (memory: Buffer, offset: number, position: number, length: number) => number;

export class TcpReceiver {
	/** Next sequence number expected (RCV.NXT). */
	next = 0;
	/** What was last acknowledged to the peer. */
	acknowledged = 0;
	/** An acknowledgment is due now, or when the connection's timer for it expires. */
	ackNow = false;
	ackLater = false;
	/** Window scale we announced; 0 until both sides have. */
	scale = 0;
	/** The peer's newest timestamp to echo. */
	recentTimestamp = 0;
	/** Sequence number of the peer's FIN, once it is known. */
	finSequence = 0;
	finKnown = false;
	/** Everything up to it has come. */
	finTaken = false;
	/** Bytes taken by the user so far. */
	taken = 0;
	/** Payload bytes of the largest segment to expect: more than this unacknowledged is acknowledged at once. */
	segment = 536;
	private readonly kept: Reassembly;
	/** Next byte the user has not taken; from there to `next` bytes lie in the ring. */
	private readNext = 0;
	/** Right edge of the window as the peer knows it. */
	private edge = 0;

	constructor(
		readonly size: number,
		private readonly counters: TcpCounters,
		private readonly take: Take,
	) {
		this.kept = new Reassembly(size);
	}

	/** The peer's SYN has come. */
	begin(initialSequence: number): void {
		this.next = (initialSequence + 1) | 0;
		this.acknowledged = this.next;
		this.readNext = this.next;
		this.edge = this.next;
	}

	/** The FIN is in order: it takes a sequence number and no room. */
	takeFin(): void {
		this.finTaken = true;
		this.next = (this.next + 1) | 0;
	}

	/** Bytes in order that the user has not taken. */
	get unread(): number {
		return (this.next - this.readNext - (this.finTaken ? 1 : 0)) | 0;
	}

	/** Bytes that may still come. */
	get free(): number {
		return this.size - this.unread;
	}

	/** Whether a segment from `sequence` to `end` may be looked at: none of it wholly before what was acknowledged or beyond the window. */
	accepts(sequence: number, end: number): boolean {
		return ((end - this.acknowledged) | 0) >= 0 && ((sequence - this.next) | 0) <= this.free;
	}

	/** The window field of a segment that is about to be sent. @param scaled false in a SYN. */
	windowField(scaled: boolean): number {
		const edge = (this.next + this.free) | 0;
		if (((edge - this.edge) | 0) >= Math.min(this.segment, this.size >> 1)) {
			this.edge = edge;
		}

		const window = Math.max(0, (this.edge - this.next) | 0);
		return Math.min(0xffff, scaled ? window >> this.scale : window);
	}

	/** A segment with the acknowledgment of `next` has been sent. */
	acknowledgmentSent(): void {
		this.acknowledged = this.next;
		this.ackNow = false;
		this.ackLater = false;
	}

	/** `length` bytes of data at `sequence` lie at `offset` of the packet. */
	data(packet: PacketBuffer, offset: number, sequence: number, length: number): void {
		let at = sequence;
		let from = offset;
		let bytes = length;
		const old = (this.next - at) | 0;
		if (old > 0) {
			if (old >= bytes) {
				this.counters.duplicates++;
				this.ackNow = true;
				return;
			}

			at = this.next;
			from += old;
			bytes -= old;
		}

		const ahead = (at - this.next) | 0;
		if (ahead + bytes > this.free) {
			bytes = this.free - ahead;
			this.ackNow = true;
			if (bytes <= 0) return;
		}

		if (ahead > 0) {
			this.counters.outOfOrder++;
			if (this.kept.add(at, (at + bytes) | 0)) this.kept.copy(packet, from, at, bytes);
			this.ackNow = true;
			return;
		}

		this.inOrder(packet, from, bytes);
	}

	/** The user takes again what it refused. @returns true when the peer should hear of the window at once. */
	resume(): boolean {
		this.deliver();
		const opened = (this.next + this.free - this.edge) | 0;
		return opened >= Math.min(2 * this.segment, this.size >> 1);
	}

	private inOrder(packet: PacketBuffer, offset: number, length: number): void {
		const first = this.next;
		this.next = (this.next + length) | 0;
		if (((first - this.readNext) | 0) === 0) {
			this.handOn(packet, offset, length);
		} else {
			this.kept.copy(packet, offset, first, length);
		}

		if (this.kept.ranges > 0) {
			// The gap is filled, or a part of it: the peer should know soon.
			this.next = this.kept.reach(this.next);
			this.deliver();
			this.ackNow = true;
		} else if (((this.next - this.acknowledged) | 0) > this.segment) {
			this.ackNow = true;
		} else {
			this.ackLater = true;
		}
	}

	/** Straight from the packet to the user; what the user refuses is kept. */
	private handOn(packet: PacketBuffer, offset: number, length: number): void {
		let start = 0;
		let from = offset;
		const end = offset + length;
		for (let chunk = 0; chunk < packet.chunks && from < end; chunk++) {
			const next = start + packet.lengths[chunk];
			if (from < next) {
				const bytes = Math.min(end, next) - from;
				const at = packet.offsets[chunk] + from - start;
				const taken = this.take(packet.memory[chunk], at, this.taken, bytes);
				this.took(taken);
				from += taken;
				if (taken < bytes) {
					this.kept.copy(packet, from, this.readNext, end - from);
					return;
				}
			}

			start = next;
		}
	}

	private deliver(): void {
		while (this.unread > 0) {
			const kept = this.kept;
			const index = kept.index(this.readNext);
			const bytes = Math.min(this.unread, kept.size - index, mostAtOnce);
			const taken = this.take(kept.ring, index, this.taken, bytes);
			this.took(taken);
			if (taken < bytes) return;
		}
	}

	private took(bytes: number): void {
		this.taken += bytes;
		this.counters.bytesReceived += bytes;
		this.readNext = (this.readNext + bytes) | 0;
	}
}
