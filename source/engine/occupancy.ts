/**
An occupancy meter: how many of something there are, watched over time. Keeps the integral (for means), the time spent full, and the
largest value since the last mark, so that any window between two marks can be answered exactly.
*/
export class Occupancy {
	value = 0;
	/** Integral of the value over time, up to `#since`: value × nanoseconds. */
	#integral = 0;
	/** Nanoseconds spent at `limit` or above. */
	#full = 0;
	#since = 0;
	#largest = 0;
	/** When it last became full, ns; -1 while it is not. */
	fullSince = -1;

	/** @param limit the value that counts as full. */
	constructor(readonly limit: number) {}

	/** The value is `value` from `now` (ns) on. */
	set(now: number, value: number): void {
		this.#catchUp(now);
		this.value = value;
		if (value > this.#largest) {
			this.#largest = value;
		}

		if (value < this.limit) {
			this.fullSince = -1;
		} else if (this.fullSince < 0) {
			this.fullSince = now;
		}
	}

	integral(now: number): number {
		return this.#integral + this.value * (now - this.#since);
	}

	fullTime(now: number): number {
		return this.#full + (this.value >= this.limit ? now - this.#since : 0);
	}

	/** The largest value since the last mark; a new stretch begins. */
	mark(): number {
		const largest = this.#largest;
		this.#largest = this.value;
		return largest;
	}

	/** The largest value since the last mark. */
	get largest(): number {
		return this.#largest;
	}

	#catchUp(now: number): void {
		const elapsed = now - this.#since;
		this.#integral += this.value * elapsed;
		if (this.value >= this.limit) {
			this.#full += elapsed;
		}

		this.#since = now;
	}
}
