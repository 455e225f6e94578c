/**
Round-trip time and retransmission timeout (RFC 6298) in integer nanoseconds, with Linux's bounds: the variance term is at least 200 ms,
the timeout at most 120 s and 1 s before anything is known. Backing off doubles it; a new measurement ends that (Karn).
*/

const millisecond = 1_000_000;
export const initialTimeout = 1000 * millisecond;
export const leastTimeout = 200 * millisecond;
export const mostTimeout = 120_000 * millisecond;

export class RoundTrip {
	/** Smoothed, and its mean deviation; 0 until the first measurement. */
	smoothed = 0;
	variance = 0;
	/** The shortest measured; 0 until the first measurement. */
	least = 0;
	/** Times the timeout was doubled since the last measurement. */
	backoff = 0;
	private base = initialTimeout;

	/** A segment that was sent once has been acknowledged after so long. */
	measure(nanoseconds: number): void {
		this.least = this.least === 0 ? nanoseconds : Math.min(this.least, nanoseconds);
		if (this.smoothed === 0) {
			this.smoothed = Math.max(1, nanoseconds);
			this.variance = Math.floor(nanoseconds / 2);
		} else {
			const error = Math.abs(this.smoothed - nanoseconds);
			this.variance = Math.floor((3 * this.variance + error) / 4);
			this.smoothed = Math.max(1, Math.floor((7 * this.smoothed + nanoseconds) / 8));
		}

		this.backoff = 0;
		this.base = this.smoothed + Math.max(leastTimeout, 4 * this.variance);
	}

	/** How long to wait for an acknowledgment now. */
	get timeout(): number {
		let timeout = this.base;
		for (let i = 0; i < this.backoff && timeout < mostTimeout; i++) {
			timeout *= 2;
		}

		return Math.min(timeout, mostTimeout);
	}
}
