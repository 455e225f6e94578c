/**
The sending half of a TCP connection: what may be sent now, what has been, and when to send it again. Data are not kept: whoever offers
them can produce any part of the stream again. After a timeout everything is sent again from the first unacknowledged byte on, as far as
the congestion window and the acknowledgments that come allow.
*/
import {Congestion} from './congestion.js';
import {RoundTrip} from './round-trip.js';
import type {TcpCounters} from './tcp-settings.js';

const leastSegment = 536;
const millisecond = 1_000_000;
/** A peer so near gets packets of any size; each as far again, half of that (net.ipv4.tcp_tso_rtt_log, 2^9 us). */
const nearNanoseconds = 512_000;
const mostHalvings = 16;
const none = -1;

export class TcpSender {
	/** First unacknowledged sequence number, the next to send, and the one behind the highest ever sent (SND.UNA, SND.NXT). */
	una: number;
	next: number;
	highest: number;
	/** Position in the stream of `una`: -1 while the SYN is unacknowledged. */
	position = -1;
	/** Position behind the last byte that was offered. */
	end = 0;
	/** A FIN follows the last byte. */
	finished = false;
	/** The peer's window, bytes, and its scale. */
	window = 0;
	scale = 0;
	/** Payload bytes of a full segment. */
	mss = leastSegment;
	congestion: Congestion;
	readonly roundTrip = new RoundTrip();
	/** The first unacknowledged segment is to be sent again before anything else. */
	repair = false;
	/** One byte is to be sent into a closed window. */
	probe = false;
	nagle = true;
	/** What `choose` chose: where it begins, its bytes, and whether the FIN follows. */
	sequence = 0;
	bytes = 0;
	fin = false;
	/** Timeouts in a row without progress. */
	retries = 0;
	/** Sequence and acknowledgment of the segment that last told the window (SND.WL1, SND.WL2). */
	private windowSequence = 0;
	private windowAcknowledgment = 0;
	/** End of the last segment smaller than a full one (Minshall's Nagle, as in Linux). */
	private smallEnd: number;
	/** The congestion window was what ended the last turn. */
	private limited = false;
	/** The one segment that is timed: acknowledged by this sequence number, sent then; none when negative. */
	private timedEnd = 0;
	private timedAt = none;
	/** Something was sent twice since the last measurement. */
	private ambiguous = false;
	private lastSent = 0;

	constructor(
		initialSequence: number,
		private readonly counters: TcpCounters,
	) {
		this.una = initialSequence;
		this.next = initialSequence;
		this.highest = initialSequence;
		this.smallEnd = initialSequence;
		this.congestion = new Congestion(this.mss, initialSequence);
	}

	get flight(): number {
		return (this.next - this.una) | 0;
	}

	/**
	Sequence number of a segment without data: behind everything sent, so that a peer that has more than we know still looks at it, but
	not beyond the peer's window.
	*/
	get bareSequence(): number {
		return ((this.highest - this.una) | 0) <= this.window ? this.highest : (this.una + this.window) | 0;
	}

	/** Everything offered, and the FIN when there is one, is acknowledged. */
	get isDone(): boolean {
		return this.finished && this.position > this.end;
	}

	/** Something that was sent, or could be, is not acknowledged. */
	get isOutstanding(): boolean {
		return this.una !== this.highest || this.position < this.end || (this.finished && this.position <= this.end);
	}

	/** The handshake is over: full segments hold `mss` bytes. */
	begin(mss: number, window: number, sequence: number, acknowledgment: number): void {
		this.mss = mss;
		this.congestion = new Congestion(mss, (this.una - 1) | 0);
		// A lost SYN is a sign of congestion as well (RFC 5681 3.1).
		if (this.retries > 0) this.congestion.window = mss;
		this.retries = 0;
		this.setWindow(window, sequence, acknowledgment);
	}

	/**
	Decides on the next segment: `sequence`, `bytes`, `fin`.
	@param largest bytes that one packet may hold: a multiple of `mss` where the device cuts it.
	@returns false when nothing is to be sent now.
	*/
	choose(largest: number, now: number): boolean {
		if (this.repair) {
			return this.chooseFirst(this.mss);
		}

		if (this.probe) {
			return this.chooseFirst(1);
		}

		const {mss, flight} = this;
		if (flight === 0 && now - this.lastSent > this.roundTrip.timeout) {
			this.congestion.restart();
		}

		this.sequence = this.next;
		const queued = this.end - (this.position + flight);
		if (queued <= 0) {
			this.limited = false;
			this.bytes = 0;
			this.fin = this.finished && queued === 0;
			return this.fin;
		}

		const {allowed} = this.congestion;
		const usable = Math.min(allowed, this.window) - flight;
		const most = largest > mss ? this.packetBytes(largest) : mss;
		this.limited = allowed <= this.window;
		let bytes = Math.min(queued, usable, most);
		if (bytes <= 0 || (bytes < queued && flight > 0 && this.shouldWait(bytes, usable, most, flight))) {
			return false;
		}

		if (bytes < queued && bytes > mss) {
			bytes -= bytes % mss;
		} else if (bytes === queued && bytes % mss !== 0 && this.nagle && !this.finished) {
			// The small end of what is queued waits for the small segment before it; whole segments do not.
			if (((this.smallEnd - this.una) | 0) > 0 && ((this.next + bytes - this.highest) | 0) > 0) {
				bytes -= bytes % mss;
				if (bytes === 0) return false;
			}
		}

		this.bytes = bytes;
		this.fin = this.finished && bytes === queued;
		return true;
	}

	/** The segment last chosen has been handed to the device. */
	sent(now: number): void {
		const end = (this.sequence + this.bytes + (this.fin ? 1 : 0)) | 0;
		this.lastSent = now;
		if (this.repair) {
			this.repair = false;
			this.sentAgain();
			return;
		}

		if (this.probe) {
			// Whether the byte was taken the acknowledgment will tell; until then it counts as not sent.
			this.probe = false;
			this.counters.windowProbes++;
			if (((end - this.highest) | 0) > 0) this.highest = end;
			return;
		}

		this.advance(end, this.bytes, now);
	}

	/** Everything up to `end` has been sent; `bytes` of it are data. */
	advance(end: number, bytes: number, now: number): void {
		if (((this.highest - this.next) | 0) > 0) {
			this.sentAgain();
		} else {
			this.counters.bytesSent += bytes;
			if (this.timedAt === none) {
				this.timedAt = now;
				this.timedEnd = end;
			}
		}

		if (bytes % this.mss !== 0) this.smallEnd = end;
		this.next = end;
		if (((end - this.highest) | 0) > 0) this.highest = end;
		this.lastSent = now;
	}

	/**
	New data are acknowledged. @param echoed milliseconds since the acknowledged segment was sent as its timestamp says, -1 when unknown.
	@returns bytes acknowledged.
	*/
	acknowledge(acknowledgment: number, now: number, echoed: number): number {
		const acked = (acknowledgment - this.una) | 0;
		const wasSlow = this.congestion.window < this.congestion.threshold && 2 * this.flight > this.congestion.window;
		this.una = acknowledgment;
		this.position += acked;
		if (((this.next - acknowledgment) | 0) < 0) this.next = acknowledgment;
		this.retries = 0;
		this.probe = false;
		this.measure(acknowledgment, now, echoed);
		const limited = this.limited || wasSlow;
		this.repair = this.congestion.acknowledged(acked, acknowledgment, this.flight, limited);
		return acked;
	}

	/** A duplicate acknowledgment has come. */
	duplicate(): void {
		const inRecovery = this.congestion.inRecovery;
		if (this.congestion.duplicate(this.una, this.highest, this.flight)) {
			this.repair = true;
			if (!inRecovery) this.counters.fastRetransmits++;
		}
	}

	/** The window that a segment tells, unless an earlier one tells it too late. @returns true when it has grown. */
	updateWindow(window: number, sequence: number, acknowledgment: number): boolean {
		const newer = (sequence - this.windowSequence) | 0;
		if (newer < 0 || (newer === 0 && ((acknowledgment - this.windowAcknowledgment) | 0) < 0)) {
			return false;
		}

		const grown = window > this.window;
		this.setWindow(window, sequence, acknowledgment);
		return grown;
	}

	/** The retransmission timer has expired: sends into a closed window a probe, and otherwise everything again. */
	timeout(): void {
		this.retries++;
		this.roundTrip.backoff++;
		this.timedAt = none;
		if (this.next === this.una && this.window === 0 && this.position >= 0) {
			this.probe = this.position < this.end;
			return;
		}

		this.counters.timeouts++;
		this.congestion.timeout(this.highest, this.flight, this.retries > 1);
		this.next = this.una;
		this.repair = false;
	}

	private setWindow(window: number, sequence: number, acknowledgment: number): void {
		this.window = window;
		if (window > 0) this.probe = false;
		this.windowSequence = sequence;
		this.windowAcknowledgment = acknowledgment;
	}

	/** The first unacknowledged bytes, or the FIN alone. */
	private chooseFirst(most: number): boolean {
		const queued = this.end - this.position;
		this.sequence = this.una;
		this.bytes = Math.max(0, Math.min(queued, most));
		this.fin = this.finished && this.bytes === queued;
		if (this.bytes === 0 && !this.fin) {
			this.repair = false;
			this.probe = false;
			return false;
		}

		return true;
	}

	/**
	Bytes of a packet that the device will cut: what a millisecond brings at the pace of the window, so that a sender far away does not
	hold back a large part of its window for one packet; more for a peer nearby, two segments at least (Linux's tcp_tso_autosize, with
	the pace of tcp_update_pacing_rate: two windows a round trip in slow start, 1.2 after).
	*/
	private packetBytes(largest: number): number {
		const {smoothed, least} = this.roundTrip;
		if (smoothed === 0) {
			return largest;
		}

		const {window, threshold} = this.congestion;
		const windows = 2 * window < threshold ? 2 : 1.2;
		const paced = Math.floor((windows * window * millisecond) / smoothed);
		const bytes = paced + (largest >> Math.min(mostHalvings, Math.floor(least / nearNanoseconds)));
		return Math.min(largest, Math.max(2, Math.floor(bytes / this.mss)) * this.mss);
	}

	/** Less than all could be sent, and acknowledgments that are under way will allow more. */
	private shouldWait(bytes: number, usable: number, most: number, flight: number): boolean {
		if (usable < this.mss) {
			return true;
		}

		// A device that cuts packets is given a third of the window at once, as Linux does (tcp_tso_win_divisor).
		const window = flight + usable;
		return most > this.mss && bytes < most && window >= 4 * this.mss && usable < Math.floor(window / 3);
	}

	private measure(acknowledgment: number, now: number, echoed: number): void {
		if (this.timedAt !== none && ((acknowledgment - this.timedEnd) | 0) >= 0) {
			this.roundTrip.measure(now - this.timedAt);
			this.timedAt = none;
			this.ambiguous = false;
		} else if (this.ambiguous && echoed >= 0) {
			// Of what was sent twice only the echoed timestamp tells which one was acknowledged.
			this.roundTrip.measure(echoed * 1_000_000);
			this.ambiguous = false;
		}
	}

	private sentAgain(): void {
		this.counters.retransmitted++;
		this.timedAt = none;
		this.ambiguous = true;
	}
}
