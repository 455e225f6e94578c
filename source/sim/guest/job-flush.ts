/**
fio's fsync=: after so many writes a flush, alone on the disk, which the oracle hears of. A device without a volatile cache has nothing to
flush: the block layer answers at once, as it does after the device has said that it cannot.
*/
import {BlockRequest, flushOperation, notSupported, okay} from '../kernel/block-device.js';
import type {DiskOracle} from './disk-oracle.js';

export class JobFlush {
	readonly request: BlockRequest;
	/** When the flush under way was begun, ns; -1 when none is. */
	since = -1;
	/** The device flushes when it is asked to. */
	isSupported: boolean;
	#token = 0;
	#writes = 0;

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
