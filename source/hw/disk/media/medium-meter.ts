/**
What a medium did: operations and sectors by kind, errors, since when each operation is under way, and how long at least one
was. What waits elsewhere is asked of the cache and the mechanism when somebody looks.
*/
import type {Engine} from '../../../engine/engine.js';
import {type MediumGauges, mediumFlush, mediumOkay, mediumRead, mediumSlots} from '../medium.js';
import {blockBytes} from './byte-store.js';
import type {Mechanism, MechanismPart} from './mechanism.js';
import type {WriteCache} from './write-cache.js';

/** What a person can see of a medium beyond the door's gauges. */
export interface MediumDetail extends MediumGauges {
	readonly parts: readonly MechanismPart[];
	/** Fetches and programs queued at the mechanism or under way. */
	readonly queued: number;
	/** When the oldest operation that is not done was started, nanoseconds; Infinity when there is none. */
	readonly oldestSince: number;
	/** Operations that ended with an error. */
	readonly errors: number;
}

export class MediumMeter implements MediumDetail {
	outstanding = 0;
	reads = 0;
	writes = 0;
	flushes = 0;
	sectorsRead = 0;
	sectorsWritten = 0;
	errors = 0;
	/** By slot: when its operation was started; Infinity when it carries none. */
	private readonly since = new Float64Array(mediumSlots).fill(Number.POSITIVE_INFINITY);
	private busy = 0;
	private busySince = 0;

	/** @param cacheBlocks how many blocks of 4 KiB fit in the volatile cache. */
	constructor(
		private readonly engine: Engine,
		private readonly cache: WriteCache,
		private readonly mechanism: Mechanism,
		private readonly cacheBlocks: number,
	) {}

	/** An operation is started in the slot. */
	begin(slot: number): void {
		const {now} = this.engine;
		this.since[slot] = now;
		if (this.outstanding++ === 0) {
			this.busySince = now;
		}
	}

	/** The slot's operation has been carried out, well or not: `end` follows. */
	count(operation: number, sectors: number, status: number): void {
		if (status !== mediumOkay) {
			this.errors++;
		}

		switch (operation) {
			case mediumRead:
				this.reads++;
				this.sectorsRead += sectors;
				break;
			case mediumFlush:
				this.flushes++;
				break;
			default:
				this.writes++;
				this.sectorsWritten += sectors;
		}
	}

	/** The slot is free: its operation is done, or forgotten. */
	end(slot: number): void {
		this.since[slot] = Number.POSITIVE_INFINITY;
		if (--this.outstanding === 0) {
			this.busy += this.engine.now - this.busySince;
		}
	}

	get busyNanoseconds(): number {
		return this.busy + (this.outstanding > 0 ? this.engine.now - this.busySince : 0);
	}

	get dirtyBytes(): number {
		return this.cache.dirty * blockBytes;
	}

	get cacheBytes(): number {
		return this.cacheBlocks * blockBytes;
	}

	get parts(): readonly MechanismPart[] {
		return this.mechanism.parts;
	}

	get queued(): number {
		return this.mechanism.queued;
	}

	get oldestSince(): number {
		let oldest = Number.POSITIVE_INFINITY;
		for (let slot = 0; slot < mediumSlots; slot++) {
			oldest = Math.min(oldest, this.since[slot]);
		}

		return oldest;
	}
}
