/**
fio's fsync=: after so many writes a flush, alone on the disk, which the oracle hears of. A device without a volatile cache has nothing to
flush: the block layer answers at once, as it does after the device has said that it cannot.
*/
import type {Histogram} from '../../engine/histogram.js';
import {BlockRequest, flushOperation, notSupported, okay} from '../kernel/block-device.js';
import type {DiskOracle} from './disk-oracle.js';

/** Writes of one flush whose commit is timed at most. */
const timedLimit = 1 << 16;

export class JobFlush {
	readonly request: BlockRequest;
	/** When the flush under way was begun, ns; -1 when none is. */
	since = -1;
	/** The device flushes when it is asked to. */
	isSupported: boolean;
	#token = 0;
	#writes = 0;
	/** Since when each answered write counts that the next flush will cover. */
	readonly #covered: Float64Array;
	#coveredCount = 0;

	/** @param every writes before a flush; 0 is never. */
	constructor(
		private readonly oracle: DiskOracle,
		private readonly every: number,
		tag: number,
		volatileCache: boolean,
		answered: (request: BlockRequest, status: number) => void,
	) {
		this.request = new BlockRequest(0, tag, answered);
		this.request.operation = flushOperation;
		this.isSupported = volatileCache;
		this.#covered = new Float64Array(Math.min(every, timedLimit));
	}

	/** The writes since the last flush ask for one, before anything else begins. */
	get isDue(): boolean {
		return this.every > 0 && this.#writes >= this.every;
	}

	get isUnderWay(): boolean {
		return this.since >= 0;
	}

	countWrite(): void {
		this.#writes++;
	}

	/** A write that counts since `since` was answered: the next flush covers it. */
	cover(since: number): void {
		if (this.#coveredCount < this.#covered.length) {
			this.#covered[this.#coveredCount++] = since;
		}
	}

	/** The flush was answered: records how long each write that it covers took to be safe. A failed one makes none safe. */
	commit(now: number, good: boolean, latency: Histogram): void {
		for (let write = 0; good && write < this.#coveredCount; write++) {
			latency.record(now - this.#covered[write]);
		}

		this.#coveredCount = 0;
	}

	begin(now: number): void {
		this.#writes = 0;
		this.since = now;
		this.#token = this.oracle.submitFlush();
	}

	end(status: number): void {
		this.oracle.endFlush(this.#token, status === okay);
		this.since = -1;
		if (status === notSupported) {
			this.isSupported = false;
		}
	}

	/** Nobody will answer it. */
	abandon(): void {
		if (this.isUnderWay) {
			this.since = -1;
			this.oracle.endFlush(this.#token, false);
		}
	}
}
