/**
Congestion control of one TCP sender, in bytes: slow start from ten segments (RFC 6928) and congestion avoidance (RFC 5681, counting
bytes as RFC 3465 does, so that delayed acknowledgments slow neither), fast retransmit and NewReno's recovery (RFC 6582), limited
transmit (RFC 3042).
*/

export const initialWindowSegments = 10;
const duplicatesThatTellLoss = 3;
const noThreshold = 0x7fffffff;
/** Far above every receive window; keeps the arithmetic in 32 bits. */
const mostWindow = 1 << 30;

export class Congestion {
	window: number;
	threshold = noThreshold;
	inRecovery = false;
	/** The highest sequence number sent when the last loss was found: until it is acknowledged, that loss is being repaired. */
	recover: number;
	duplicates = 0;
	/** Losses found by duplicate acknowledgments, and by timeouts. */
	recoveries = 0;
	timeouts = 0;
	/** Bytes acknowledged towards the next segment of growth. */
	private credit = 0;

	constructor(
		readonly mss: number,
		initialSequence: number,
	) {
		this.window = initialWindowSegments * mss;
		this.recover = initialSequence;
	}

	/** What may be in flight now. Each of the first two duplicates tells of a segment that has left the network (limited transmit). */
	get allowed(): number {
		return this.inRecovery ? this.window : this.window + this.duplicates * this.mss;
	}

	/**
	`acked` new bytes are acknowledged, up to `acknowledgment`; `flight` bytes remain.
	@param limited the window was what kept the sender from sending more: it grows only then.
	@returns true when the first unacknowledged segment is to be sent again: a partial acknowledgment in recovery.
	*/
	acknowledged(acked: number, acknowledgment: number, flight: number, limited: boolean): boolean {
		const {mss} = this;
		this.duplicates = 0;
		if (!this.inRecovery) {
			if (limited) this.grow(acked);
			return false;
		}

		if (((acknowledgment - this.recover) | 0) >= 0) {
			this.inRecovery = false;
			// The burst that a jump of the acknowledgment would allow is avoided (RFC 6582, 3.2, step 3, option 1).
			this.window = Math.min(this.threshold, Math.max(flight, mss) + mss);
			return false;
		}

		this.window = Math.max(mss, this.window - acked + (acked >= mss ? mss : 0));
		return true;
	}

	/**
	A duplicate acknowledgment of `acknowledgment` has come while `flight` bytes, up to `highest`, were under way.
	@returns true when the first unacknowledged segment is to be sent again.
	*/
	duplicate(acknowledgment: number, highest: number, flight: number): boolean {
		if (this.inRecovery) {
			this.window = Math.min(mostWindow, this.window + this.mss);
			return false;
		}

		// Acknowledgments of what a timeout sent twice are duplicates too, and tell of no loss.
		if (((acknowledgment - this.recover) | 0) <= 0) {
			return false;
		}

		if (++this.duplicates < duplicatesThatTellLoss) {
			return false;
		}

		this.duplicates = 0;
		this.recoveries++;
		this.halve(flight);
		this.inRecovery = true;
		this.recover = highest;
		this.window = this.threshold + duplicatesThatTellLoss * this.mss;
		return true;
	}

	/** The retransmission timer has expired; `again` when it did so before for the same segment. */
	timeout(highest: number, flight: number, again: boolean): void {
		this.timeouts++;
		if (!again) this.halve(flight);
		this.window = this.mss;
		this.recover = highest;
		this.inRecovery = false;
		this.duplicates = 0;
		this.credit = 0;
	}

	/** Nothing was sent for longer than a timeout: what was learnt is old (RFC 5681 4.1). */
	restart(): void {
		this.window = Math.min(this.window, initialWindowSegments * this.mss);
	}

	private halve(flight: number): void {
		this.threshold = Math.max(Math.min(this.window, flight) >> 1, 2 * this.mss);
		this.credit = 0;
	}

	private grow(acked: number): void {
		if (this.window < this.threshold) {
			this.window = Math.min(mostWindow, this.window + acked);
			return;
		}

		this.credit += acked;
		if (this.credit >= this.window) {
			this.credit -= this.window;
			this.window = Math.min(mostWindow, this.window + this.mss);
		}
	}
}
