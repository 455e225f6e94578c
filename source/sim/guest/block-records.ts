/**
Pools for what the oracle keeps of blocks that are not plain: a record for the block, a version for each write kept apart on it.
Index 0 is nobody in both. Rows of eight are by sector of the block.
*/
import {sectorsPerBlock} from './pattern.js';
import {grown, type PlainSectors} from './plain-sectors.js';

/** States of a version. */
export const inFlight = 1;
export const acknowledged = 2;
export const failed = 3;
/** It may have happened, and if so it has by now. */
export const settled = 4;

const never = Number.POSITIVE_INFINITY;

export class Records {
	/** Newest of the block's versions. */
	first = new Int32Array(64);
	length = new Int32Array(64);
	block = new Int32Array(64);
	/** A bit a sector: the plain version can no longer be returned by anything. */
	baseGone = new Uint8Array(64);
	/** More has happened than one write: the record may hold distinctions that plain sectors cannot. */
	mixed = new Uint8Array(64);
	/** By sector: when the plain version was superseded. */
	baseSuperseded = new Float64Array(64 * sectorsPerBlock);
	/** By sector: the highest version that was dropped; -1 is none. */
	dropped = new Int32Array(64 * sectorsPerBlock);
	readonly #free: number[] = [];
	#count = 1;

	get used(): number {
		return this.#count - 1 - this.#free.length;
	}

	take(block: number): number {
		const record = this.#free.pop() ?? this.#extend();
		this.first[record] = 0;
		this.length[record] = 0;
		this.block[record] = block;
		this.baseGone[record] = 0;
		this.mixed[record] = 0;
		for (let at = record * sectorsPerBlock; at < (record + 1) * sectorsPerBlock; at++) {
			this.baseSuperseded[at] = never;
			this.dropped[at] = -1;
		}

		return record;
	}

	/** The record of the block in `slot`, taken if it has none. */
	takeFor(block: number, slot: number, plain: PlainSectors): number {
		const {records} = plain;
		let record = records[slot];
		if (record === 0) {
			record = this.take(block);
			records[slot] = record;
		}

		return record;
	}

	give(record: number): void {
		this.#free.push(record);
	}

	/** Version `number` of the sector can no longer be returned by anything. */
	drop(record: number, i: number, number: number): void {
		const at = record * sectorsPerBlock + i;
		this.dropped[at] = Math.max(this.dropped[at], number);
	}

	#extend(): number {
		if (this.#count === this.first.length) {
			const length = this.#count * 2;
			this.first = grown(this.first, new Int32Array(length));
			this.length = grown(this.length, new Int32Array(length));
			this.block = grown(this.block, new Int32Array(length));
			this.baseGone = grown(this.baseGone, new Uint8Array(length));
			this.mixed = grown(this.mixed, new Uint8Array(length));
			this.baseSuperseded = grown(this.baseSuperseded, new Float64Array(length * sectorsPerBlock));
			this.dropped = grown(this.dropped, new Int32Array(length * sectorsPerBlock));
		}

		return this.#count++;
	}
}

export class Versions {
	next = new Int32Array(64);
	number = new Int32Array(64);
	state = new Uint8Array(64);
	/** A bit a sector it wrote, as long as something may still return it. */
	mask = new Uint8Array(64);
	submitted = new Float64Array(64);
	/** When it was answered, or known not to happen any more; Infinity before. */
	answered = new Float64Array(64);
	/** By sector: when it was superseded; Infinity while it is current. */
	superseded = new Float64Array(64 * sectorsPerBlock);
	readonly #free: number[] = [];
	#count = 1;

	take(): number {
		const version = this.#free.pop() ?? this.#extend();
		for (let at = version * sectorsPerBlock; at < (version + 1) * sectorsPerBlock; at++) {
			this.superseded[at] = never;
		}

		return version;
	}

	give(version: number): void {
		this.#free.push(version);
	}

	#extend(): number {
		if (this.#count === this.next.length) {
			const length = this.#count * 2;
			this.next = grown(this.next, new Int32Array(length));
			this.number = grown(this.number, new Int32Array(length));
			this.state = grown(this.state, new Uint8Array(length));
			this.mask = grown(this.mask, new Uint8Array(length));
			this.submitted = grown(this.submitted, new Float64Array(length));
			this.answered = grown(this.answered, new Float64Array(length));
			this.superseded = grown(this.superseded, new Float64Array(length * sectorsPerBlock));
		}

		return this.#count++;
	}
}
