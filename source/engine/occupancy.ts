/**
An occupancy meter: how many of something there are, watched over time. Keeps the integral (for means), the time spent full, and the
largest value since the last mark, so that any window between two marks can be answered exactly.
*/
export class Occupancy {
	value = 0;
	/** Integral of the value over time, up to `since`: value × nanoseconds. */
	private area = 0;
	/** Nanoseconds spent at `limit` or above. */
	private full = 0;
	private since = 0;
	private peak = 0;
	/** When it last became full, ns; -1 while it is not. */
	fullSince = -1;

	/** @param limit the value that counts as full. */
	constructor(readonly limit: number) {}

	/** The value is `value` from `now` (ns) on. */
	set(now: number, value: number): void {
		this.catchUp(now);
		this.value = value;
		if (value > this.peak) {
			this.peak = value;
		}

		if (value < this.limit) {
			this.fullSince = -1;
		} else if (this.fullSince < 0) {
			this.fullSince = now;
		}
	}

	integral(now: number): number {
		return this.area + this.value * (now - this.since);
	}

	fullTime(now: number): number {
		return this.full + (this.value >= this.limit ? now - this.since : 0);
	}

	/** The largest value since the last mark; a new stretch begins. */
	mark(): number {
		const largest = this.peak;
		this.peak = this.value;
		return largest;
	}

	/** The largest value since the last mark. */
	get largest(): number {
		return this.peak;
	}

	private catchUp(now: number): void {
		const elapsed = now - this.since;
		this.area += this.value * elapsed;
		if (this.value >= this.limit) {
			this.full += elapsed;
		}

		this.since = now;
	}
}
