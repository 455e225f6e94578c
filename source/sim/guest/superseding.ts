/**
What makes versions of a sector illegal, while its block has a record: a write that was acknowledged supersedes what was answered before it was
submitted, and a read that returned one version supersedes every other one answered before the read was submitted. Loss of power
takes back what no flush has made final. See legal-blocks.ts for the rules.
*/
import {assert} from '../../engine/assert.js';
import type {Records, Versions} from './block-records.js';
import type {Folding} from './folding.js';
import {sectorsPerBlock} from './pattern.js';
import type {PlainSectors} from './plain-sectors.js';
import type {ReadsInFlight} from './reads-in-flight.js';

const none = 0;
const never = Number.POSITIVE_INFINITY;

export class Superseding {
	constructor(
		readonly plain: PlainSectors,
		readonly records: Records,
		readonly versions: Versions,
		readonly folding: Folding,
		readonly reads: ReadsInFlight,
	) {}

	/** `version` was acknowledged at `now`: what was answered before it was submitted is superseded. */
	byWrite(slot: number, record: number, version: number, now: number): void {
		const mask = this.versions.mask[version];
		const submitted = this.versions.submitted[version];
		for (let i = 0; i < sectorsPerBlock; i++) {
			const base = record * sectorsPerBlock + i;
			if ((mask & (1 << i)) !== 0 && this.records.baseSuperseded[base] === never) {
				assert(
					this.plain.acknowledgedAt[slot * sectorsPerBlock + i] < submitted,
					'plain versions are older than any in flight',
				);
				this.records.baseSuperseded[base] = now;
			}
		}

		for (let other = this.records.first[record]; other !== none; other = this.versions.next[other]) {
			const both = this.versions.answered[other] < submitted ? this.versions.mask[other] & mask : 0;
			for (let i = 0; both >>> i !== 0; i++) {
				const mark = other * sectorsPerBlock + i;
				if ((both & (1 << i)) !== 0 && this.versions.superseded[mark] === never) {
					this.versions.superseded[mark] = now;
				}
			}
		}
	}

	/**
	A read submitted at `since`, after power was last lost, returned version `number` of sector `i` of the block in `slot` at `now`:
	other versions are no longer legal. The block has a record or is widened.
	@param powerLost when power was last lost.
	*/
	byRead(block: number, slot: number, i: number, number: number, since: number, now: number, powerLost: number): void {
		let record = this.plain.records[slot];
		const at = slot * sectorsPerBlock + i;
		const bit = 1 << i;
		const widened = (this.plain.widened[slot] & bit) !== 0;
		// The others were superseded when the returned version happened: by its acknowledgement, if it has one.
		let moment = now;
		if (this.plain.holds(slot, i, number)) {
			moment = Math.min(now, Math.max(this.plain.acknowledgedAt[at], powerLost));
			if (widened && this.reads.oldest(block) > powerLost) {
				// What loss of power left is stable. The record remembers that newer ones are not behind it.
				record = this.records.takeFor(block, slot, this.plain);
				this.records.drop(record, i, this.plain.newest[at] === number ? -1 : this.plain.newest[at]);
				this.plain.newest[at] = number;
				this.plain.lowest[at] = number;
				this.plain.widened[slot] &= ~bit;
			}
		} else if (record !== none) {
			moment = Math.min(now, Math.max(this.#answeredAt(record, number), powerLost));
			const base = record * sectorsPerBlock + i;
			this.records.baseSuperseded[base] = Math.min(this.records.baseSuperseded[base], moment);
		}

		this.records.mixed[record] = 1;
		for (let version = this.records.first[record]; version !== none; version = this.versions.next[version]) {
			const mark = version * sectorsPerBlock + i;
			if (
				this.versions.number[version] !== number &&
				(this.versions.mask[version] & bit) !== 0 &&
				this.versions.answered[version] < since
			) {
				this.versions.superseded[mark] = Math.min(this.versions.superseded[mark], moment);
			}
		}
	}

	/** Power was lost: what was superseded in the block after the last flush's submission may be current again. */
	undo(slot: number): void {
		const {flushed} = this.folding;
		const record = this.plain.records[slot];
		for (let i = 0; i < sectorsPerBlock; i++) {
			const bit = 1 << i;
			const at = slot * sectorsPerBlock + i;
			const base = record * sectorsPerBlock + i;
			for (let version = this.records.first[record]; version !== none; version = this.versions.next[version]) {
				if (this.versions.superseded[version * sectorsPerBlock + i] > flushed) {
					this.versions.superseded[version * sectorsPerBlock + i] = never;
				}
			}

			if (
				record !== none &&
				((this.records.baseGone[record] & bit) !== 0 || this.records.baseSuperseded[base] <= flushed)
			) {
				continue;
			}

			this.plain.lowest[at] = this.folding.lowest(slot, i);
			if (this.plain.lowest[at] !== this.plain.newest[at]) {
				this.plain.widened[slot] |= bit;
			}

			if (record !== none) {
				this.records.baseSuperseded[base] = never;
				this.records.mixed[record] = 1;
			}
		}
	}

	#answeredAt(record: number, number: number): number {
		for (let version = this.records.first[record]; version !== none; version = this.versions.next[version]) {
			if (this.versions.number[version] === number) {
				return this.versions.answered[version];
			}
		}

		return never;
	}
}
