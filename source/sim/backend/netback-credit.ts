/**
The rate limit of a vif, on what the guest sends: so many bytes a window, refilled when a window ends (after Linux's xen-netback,
tx_credit_exceeded and tx_add_credit). Credit that was not used stays, up to one jumbo packet or one window, whichever is more.
*/

/** max_burst: an interface whose window is smaller than a packet would seize up without it. */
const burst = 131_072;

export class Credit {
	/** Bytes that may be sent now; Infinity without a limit. */
	remaining = Number.POSITIVE_INFINITY;
	/** Bytes of a window; Infinity without a limit. */
	bytes = Number.POSITIVE_INFINITY;
	/** Length of a window, nanoseconds. */
	window = 0;
	/** The packet asked for last was refused, and is asked for again. */
	refuses = false;
	/** When the present window began, virtual nanoseconds. */
	private start = 0;

	/** The XenStore key `rate`, "bytes,microseconds", neither 0; anything else is no limit. A full window from `now` on. False for nonsense. */
	set(rate: string, now: number): boolean {
		const match = /^0*([1-9]\d{0,14}),0*([1-9]\d{0,11})$/.exec(rate);
		this.bytes = match === null ? Number.POSITIVE_INFINITY : Number(match[1]);
		this.window = match === null ? 0 : Number(match[2]) * 1000;
		this.remaining = this.bytes;
		this.start = now;
		this.refuses = false;
		return match !== null || rate === '';
	}

	/**
	Asks to send `size` bytes. 0: they are taken off the credit. Otherwise the time, virtual nanoseconds, at which `refill` is to be called
	and the question asked again.
	*/
	take(size: number, now: number): number {
		if (size > this.remaining) {
			const next = this.start + this.window;
			if (now >= next) {
				this.start = now;
				this.refill();
			}

			if (size > this.remaining) {
				this.start = next;
				this.refuses = true;
				return Math.max(next, now + 1);
			}
		}

		this.refuses = false;
		this.remaining -= size;
		return 0;
	}

	/** A window has ended. */
	refill(): void {
		this.remaining = Math.min(this.remaining + this.bytes, Math.max(burst, this.bytes));
	}
}
