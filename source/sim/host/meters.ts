/**
What must be measured as it happens, because no counter read later can tell it: latencies by operation, how full a ring was over
time, the longest silence of a disk while requests waited. Meters watch; the trajectory does not know of them.
*/
import {assert} from '../../engine/assert.js';
import {Histogram} from '../../engine/histogram.js';
import {Occupancy} from '../../engine/occupancy.js';
import {type BlockRequest, okay, readOperation, writeOperation} from '../kernel/block-device.js';

export const operations = ['read', 'write', 'flush'] as const;
export type OperationName = (typeof operations)[number];

/** What one kind of operation did so far; plain numbers and a histogram that no longer changes. */
export interface OperationCounts {
	/** Nanoseconds from submission to answer; its `count` is how many completed, failed ones included. */
	readonly latency: Histogram;
	readonly bytes: number;
	readonly errors: number;
}

export const nothingDone: OperationCounts = {latency: new Histogram(), bytes: 0, errors: 0};

/** Counts the completed operations of one kind. */
export class OperationMeter {
	readonly latency = new Histogram();
	bytes = 0;
	errors = 0;
	#counts: OperationCounts = nothingDone;

	record(nanoseconds: number, bytes: number, failed: boolean): void {
		this.latency.record(nanoseconds);
		if (failed) {
			this.errors++;
		} else {
			this.bytes += bytes;
		}
	}

	/** What was counted up to now. The same object while nothing more was. */
	counts(): OperationCounts {
		if (this.#counts.latency.count !== this.latency.count) {
			this.#counts = {latency: this.latency.snapshot(), bytes: this.bytes, errors: this.errors};
		}

		return this.#counts;
	}
}

/** The most a stretch of time between two marks saw. */
interface Stretch {
	readonly from: number;
	readonly to: number;
	/** Requests on the ring. */
	readonly largest: number;
	/** Silence that began before the stretch and ended in it, counted from its start; 0 when there was none. */
	readonly head: number;
	/** The longest silence that began and ended in it. */
	readonly longest: number;
	/** Silence still going on at its end, counted from where it began or from the stretch's start. */
	readonly open: number;
	/** Silent from start to end. */
	readonly whole: boolean;
}

/** A disk's frontend, of whatever protocol. */
export interface MeteredDisk {
	occupancy: Occupancy | null;
	onCompleted: ((nanoseconds: number, request: BlockRequest, status: number) => void) | null;
}

/** Everything measured of one disk channel, seen from its frontend. */
export class ChannelMeter {
	readonly read = new OperationMeter();
	readonly write = new OperationMeter();
	readonly flush = new OperationMeter();
	readonly ring: RingMeter;
	/** Requests answered by the backend, or refused without it. */
	answered = 0;
	/** Requests wait and nobody has answered since, ns; -1 while none waits. */
	#silentSince = -1;
	/** When it was last answered, ns. */
	#answeredAt = 0;
	readonly #stretches: Stretch[] = [];
	#markedAt: number;
	#head = 0;
	#longest = 0;

	/** @param now ns. */
	constructor(slots: number, now: number) {
		this.#markedAt = now;
		this.ring = new RingMeter(slots, (now) => {
			if (this.#silentSince < 0) {
				this.#silentSince = now;
			}
		});
	}

	/** Watches a frontend from now on. @param waits whether requests of it are without an answer. */
	attach(front: MeteredDisk, now: () => number, waits: () => boolean): void {
		front.occupancy = this.ring;
		front.onCompleted = (nanoseconds, request, status) => {
			this.#meterOf(request).record(nanoseconds, request.bytes, status !== okay);
			this.answered++;
			this.#answer(now(), waits());
		};
	}

	/** The frontend is gone, and what was on its ring with it: silence goes on from the last answer until another's first. */
	lost(now: number): void {
		this.ring.set(now, 0);
		if (this.#silentSince < 0 && this.answered > 0) {
			this.#silentSince = this.#answeredAt;
		}
	}

	/** A new stretch begins now (ns): `between` can be asked for windows that begin or end here. */
	mark(now: number): void {
		if (now === this.#markedAt) {
			return;
		}

		this.#stretches.push(this.#stretch(now));
		this.#markedAt = now;
		this.#head = 0;
		this.#longest = 0;
		this.ring.mark();
	}

	/**
	The most requests on the ring and the longest silence (ns) in [from, to]; both must have been marked, or `to` be now.
	@param now ns.
	*/
	between(from: number, to: number, now: number): {readonly largest: number; readonly silence: number} {
		let largest = 0;
		let silence = 0;
		let carried = 0;
		for (const stretch of [...this.#stretches, this.#stretch(now)]) {
			if (stretch.from < from || stretch.to > to) {
				assert(stretch.to <= from || stretch.from >= to, 'a window begins and ends at marks');
				continue;
			}

			largest = Math.max(largest, stretch.largest);
			silence = Math.max(silence, carried + stretch.head, stretch.longest);
			carried = stretch.whole ? carried + stretch.open : stretch.open;
		}

		return {largest, silence: Math.max(silence, carried)};
	}

	#stretch(now: number): Stretch {
		const since = this.#silentSince;
		const silent = since >= 0;
		return {
			from: this.#markedAt,
			to: now,
			largest: this.ring.largest,
			head: this.#head,
			longest: this.#longest,
			open: silent ? now - Math.max(since, this.#markedAt) : 0,
			whole: silent && since <= this.#markedAt,
		};
	}

	#answer(now: number, more: boolean): void {
		const since = this.#silentSince;
		if (since >= 0) {
			if (since < this.#markedAt) {
				this.#head = now - this.#markedAt;
			} else if (now - since > this.#longest) {
				this.#longest = now - since;
			}
		}

		this.#answeredAt = now;
		this.#silentSince = more ? now : -1;
	}

	#meterOf({operation}: BlockRequest): OperationMeter {
		if (operation === readOperation) {
			return this.read;
		}

		return operation === writeOperation ? this.write : this.flush;
	}
}

/** How many requests a ring held over time, and how many were ever put on it. */
export class RingMeter extends Occupancy {
	/** Requests put on the ring since the start. */
	put = 0;
	readonly #onPut: (now: number) => void;

	/** @param onPut told of each request put. */
	constructor(slots: number, onPut: (now: number) => void) {
		super(slots);
		this.#onPut = onPut;
	}

	override set(now: number, value: number): void {
		if (value > this.value) {
			this.put += value - this.value;
			this.#onPut(now);
		}

		super.set(now, value);
	}
}
