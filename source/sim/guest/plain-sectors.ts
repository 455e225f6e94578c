/**
What the oracle keeps of every sector that was ever written: packed arrays of 32-bit numbers and moments, in groups of 16 blocks that
come into being with the first write, found through two levels of directory. Slot 0 stands for every block nobody has written.
*/
import {assert} from '../../engine/assert.js';
import {sectorsPerBlock} from './pattern.js';

const groupBits = 4;
const groupBlocks = 1 << groupBits;
const leafBits = 12;
const leafGroups = 1 << leafBits;

export class PlainSectors {
	// Sector i of the block in `slot` is at slot * 8 + i.
	/** The current version when the block has no record; the one before all in the record otherwise. 0: never written. */
	newest = new Int32Array(2 * groupBlocks * sectorsPerBlock);
	/** The lowest version that power loss may bring back, unless a flush has covered the newest. */
	lowest = new Int32Array(2 * groupBlocks * sectorsPerBlock);
	/** When the newest was acknowledged. */
	acknowledgedAt = new Float64Array(2 * groupBlocks * sectorsPerBlock);
	/** By slot: the block's record; 0 is none. */
	records = new Int32Array(2 * groupBlocks);
	/** By slot, a bit a sector: power was lost, and the current version is any from the lowest to the newest. */
	widened = new Uint8Array(2 * groupBlocks);
	/** Slots are 0 … slots-1. */
	slots = groupBlocks;
	readonly #leaves: (Int32Array | undefined)[] = [];

	/** The block's slot; 0 when it was never written. */
	slotOf(block: number): number {
		const group = block >>> groupBits;
		const leaf = this.#leaves[group >>> leafBits];
		const base = leaf === undefined ? 0 : leaf[group & (leafGroups - 1)];
		return base === 0 ? 0 : base + (block & (groupBlocks - 1));
	}

	/** Blocks that somebody has written or is writing, ascending. */
	*known(): IterableIterator<number> {
		for (const [index, leaf] of this.#leaves.entries()) {
			for (let group = 0; leaf !== undefined && group < leafGroups; group++) {
				const base = leaf[group];
				for (let i = 0; base !== 0 && i < groupBlocks; i++) {
					if (this.#isKnown(base + i)) {
						yield (((index << leafBits) + group) << groupBits) + i;
					}
				}
			}
		}
	}

	/** The block's slot, made if need be. */
	slotFor(block: number): number {
		return this.slotOf(block) || this.#extend(block);
	}

	/** Version `number` is what sector `i` of the block in `slot` holds, or, after loss of power, one of those it may hold. */
	holds(slot: number, i: number, number: number): boolean {
		const at = slot * sectorsPerBlock + i;
		if ((this.widened[slot] & (1 << i)) === 0) {
			return number === this.newest[at];
		}

		return number >= this.lowest[at] && number <= this.newest[at];
	}

	#isKnown(slot: number): boolean {
		let known = this.records[slot] !== 0 || this.widened[slot] !== 0;
		for (let at = slot * sectorsPerBlock; at < (slot + 1) * sectorsPerBlock; at++) {
			known ||= this.newest[at] !== 0;
		}

		return known;
	}

	#extend(block: number): number {
		const group = block >>> groupBits;
		while (this.#leaves.length <= group >>> leafBits) {
			this.#leaves.push(undefined);
		}

		let leaf = this.#leaves[group >>> leafBits];
		if (leaf === undefined) {
			leaf = new Int32Array(leafGroups);
			this.#leaves[group >>> leafBits] = leaf;
		}

		if (this.slots === this.records.length) {
			const slots = this.slots * 2;
			this.newest = grown(this.newest, new Int32Array(slots * sectorsPerBlock));
			this.lowest = grown(this.lowest, new Int32Array(slots * sectorsPerBlock));
			this.acknowledgedAt = grown(this.acknowledgedAt, new Float64Array(slots * sectorsPerBlock));
			this.records = grown(this.records, new Int32Array(slots));
			this.widened = grown(this.widened, new Uint8Array(slots));
		}

		const base = this.slots;
		leaf[group & (leafGroups - 1)] = base;
		this.slots += groupBlocks;
		assert(this.slots <= this.records.length, 'the arrays hold every slot');
		return base + (block & (groupBlocks - 1));
	}
}

export function grown<T extends Int32Array | Uint8Array | Float64Array>(from: T, to: T): T {
	to.set(from);
	return to;
}
