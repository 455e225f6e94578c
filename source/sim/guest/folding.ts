/**
How the oracle stays small: versions that nothing can return any more are dropped from a block's record, and the record is folded into plain
sectors when that loses no distinction, that is when each sector has one current version, the highest, and what loss of power may
bring back is every version of the sector from a lowest one on. See legal-blocks.ts for the rules.
*/
import {failed, inFlight, type Records, type Versions} from './block-records.js';
import {sectorsPerBlock} from './pattern.js';
import type {PlainSectors} from './plain-sectors.js';

const none = 0;
const never = Number.POSITIVE_INFINITY;

export class Folding {
	/** When the last completed flush was submitted, or power was lost, whichever is later. */
	flushed = 0;
	flushesInFlight = 0;
	/** When the newest flush was submitted. */
	newestFlush = 0;
	/** Blocks whose record could not be folded because of a flush in flight. */
	deferred: number[] = [];

	constructor(
		readonly plain: PlainSectors,
		readonly records: Records,
		readonly versions: Versions,
	) {}

	/** The lowest version that power loss may bring back, of those the plain arrays tell of. */
	lowest(slot: number, i: number): number {
		const at = slot * sectorsPerBlock + i;
		return this.plain.acknowledgedAt[at] < this.flushed && (this.plain.widened[slot] & (1 << i)) === 0
			? this.plain.newest[at]
			: this.plain.lowest[at];
	}

	/** The usual case: the only version of the block becomes what its sectors hold. */
	foldSole(slot: number, record: number, version: number, now: number): void {
		const mask = this.versions.mask[version];
		const number = this.versions.number[version];
		for (let i = 0; i < sectorsPerBlock; i++) {
			if ((mask & (1 << i)) !== 0) {
				const at = slot * sectorsPerBlock + i;
				this.plain.lowest[at] = this.lowest(slot, i);
				this.plain.newest[at] = number;
				this.plain.acknowledgedAt[at] = now;
			}
		}

		this.plain.widened[slot] &= ~mask;
		this.versions.give(version);
		this.records.give(record);
		this.plain.records[slot] = none;
	}

	/** Drops versions superseded at or before `horizon`. Returns true when a write is in flight or failed. */
	prune(slot: number, record: number, horizon: number): boolean {
		let waiting = false;
		let before = none;
		for (let version = this.records.first[record]; version !== none; ) {
			const next = this.versions.next[version];
			for (let i = 0; i < sectorsPerBlock; i++) {
				if (
					(this.versions.mask[version] & (1 << i)) !== 0 &&
					this.versions.superseded[version * sectorsPerBlock + i] <= horizon
				) {
					this.versions.mask[version] &= ~(1 << i);
					this.records.drop(record, i, this.versions.number[version]);
				}
			}

			waiting ||= this.versions.state[version] === inFlight || this.versions.state[version] === failed;
			if (this.versions.mask[version] === 0) {
				this.#unlink(record, before, version);
			} else {
				before = version;
			}

			version = next;
		}

		for (let i = 0; i < sectorsPerBlock; i++) {
			if (
				(this.records.baseGone[record] & (1 << i)) === 0 &&
				this.records.baseSuperseded[record * sectorsPerBlock + i] <= horizon
			) {
				this.records.baseGone[record] |= 1 << i;
				this.records.drop(record, i, this.plain.newest[slot * sectorsPerBlock + i]);
			}
		}

		return waiting;
	}

	#unlink(record: number, before: number, version: number): void {
		if (before === none) {
			this.records.first[record] = this.versions.next[version];
		} else {
			this.versions.next[before] = this.versions.next[version];
		}

		this.records.length[record]--;
		this.versions.give(version);
	}

	/** Every sector has one current version, the highest, and what power loss may bring back is a range up to it. */
	canFold(slot: number, record: number, block: number): boolean {
		let deferred = false;
		for (let i = 0; i < sectorsPerBlock; i++) {
			const bit = 1 << i;
			const at = slot * sectorsPerBlock + i;
			const base = record * sectorsPerBlock + i;
			const gone = (this.records.baseGone[record] & bit) !== 0;
			let current = 0;
			let currents = 0;
			let lowest = never;
			let highest = -1;
			let oldest = never;
			let versions = 0;
			if (!gone) {
				lowest = this.lowest(slot, i);
				highest = this.plain.newest[at];
				if (this.records.baseSuperseded[base] === never) {
					current = highest;
					currents++;
				} else {
					oldest = lowest === highest ? this.records.baseSuperseded[base] : 0;
				}
			}

			for (let version = this.records.first[record]; version !== none; version = this.versions.next[version]) {
				if ((this.versions.mask[version] & bit) !== 0) {
					const number = this.versions.number[version];
					versions++;
					lowest = Math.min(lowest, number);
					highest = Math.max(highest, number);
					oldest = Math.min(oldest, this.versions.superseded[version * sectorsPerBlock + i]);
					if (this.versions.superseded[version * sectorsPerBlock + i] === never) {
						current = number;
						currents++;
					}
				}
			}

			if (this.records.dropped[base] >= lowest) {
				return false;
			}

			if (versions === 0 && !gone && currents === 1) {
				continue;
			}

			if (currents !== 1 || current !== highest) {
				return false;
			}

			if (!gone && (this.plain.widened[slot] & bit) !== 0 && this.records.baseSuperseded[base] === never) {
				return false;
			}

			deferred ||= this.flushesInFlight > 0 && lowest !== highest && oldest <= this.newestFlush;
		}

		if (deferred) {
			this.deferred.push(block);
		}

		return !deferred;
	}

	fold(slot: number, record: number): void {
		for (let i = 0; i < sectorsPerBlock; i++) {
			const bit = 1 << i;
			const at = slot * sectorsPerBlock + i;
			let lowest = (this.records.baseGone[record] & bit) === 0 ? this.lowest(slot, i) : never;
			let involved =
				(this.records.baseGone[record] & bit) !== 0 ||
				this.records.baseSuperseded[record * sectorsPerBlock + i] !== never;
			for (let version = this.records.first[record]; version !== none; version = this.versions.next[version]) {
				if ((this.versions.mask[version] & bit) !== 0) {
					involved = true;
					lowest = Math.min(lowest, this.versions.number[version]);
					if (this.versions.superseded[version * sectorsPerBlock + i] === never) {
						this.plain.newest[at] = this.versions.number[version];
						this.plain.acknowledgedAt[at] = this.versions.answered[version];
						this.plain.widened[slot] &= ~bit;
					}
				}
			}

			if (involved) {
				this.plain.lowest[at] = lowest;
			}
		}

		while (this.records.first[record] !== none) {
			this.#unlink(record, none, this.records.first[record]);
		}

		this.records.give(record);
		this.plain.records[slot] = none;
	}

	/** Too many versions kept apart: superseded ones that no read can return become part of the range behind the plain version. */
	merge(slot: number, record: number, oldestReader: number): void {
		let before = none;
		for (let version = this.records.first[record]; version !== none; ) {
			const next = this.versions.next[version];
			for (let i = 0; i < sectorsPerBlock; i++) {
				const superseded = this.versions.superseded[version * sectorsPerBlock + i];
				const base = record * sectorsPerBlock + i;
				if (
					(this.versions.mask[version] & (1 << i)) !== 0 &&
					superseded <= oldestReader &&
					superseded !== never &&
					this.records.baseSuperseded[base] <= oldestReader &&
					this.records.baseSuperseded[base] !== never
				) {
					const at = slot * sectorsPerBlock + i;
					this.versions.mask[version] &= ~(1 << i);
					this.plain.lowest[at] = Math.min(this.plain.lowest[at], this.versions.number[version]);
					this.plain.newest[at] = Math.max(this.plain.newest[at], this.versions.number[version]);
					this.records.baseSuperseded[base] = Math.max(this.records.baseSuperseded[base], superseded);
					this.plain.acknowledgedAt[at] = this.records.baseSuperseded[base];
					this.records.baseGone[record] &= ~(1 << i);
				}
			}

			if (this.versions.mask[version] === 0) {
				this.#unlink(record, before, version);
			} else {
				before = version;
			}

			version = next;
		}
	}
}
