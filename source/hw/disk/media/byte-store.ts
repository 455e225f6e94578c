/**
The bytes of a medium, sparse: blocks of 4 KiB that come into being when first written; what was never written reads as
zeros. Blocks are views cut from slabs once and then reused, so that storing a block is one native copy and swapping two
versions of it is one assignment.
*/
import {assert} from '../../../engine/assert.js';

export const blockBytes = 4096;
export const sectorsPerBlock = 8;
const sectorBytes = 512;
const leafBits = 8;
const leafBlocks = 1 << leafBits;
const slabBlocks = 256;

/**
Blocks of one medium that memory is given for, at most: 4 GiB of content and a quarter of that for the older versions which a
volatile cache keeps. Whoever describes a host bounds what its jobs write; this holds where that was wrong.
*/
const mostBlocks = (5 * 1024 * 1024 * 1024) / blockBytes;

/** What every block holds before it is written. Never written to. */
export const zeroBlock: Buffer = Buffer.alloc(blockBytes);

export class ByteStore {
	private readonly leaves: ((Buffer | undefined)[] | undefined)[];
	private readonly spare: Buffer[] = [];
	private allocated = 0;

	/**
	@param sectors capacity in 512-byte sectors, a multiple of eight.
	@param limit blocks that memory is given for, at most: taking more is an assertion that fails.
	*/
	constructor(
		readonly sectors: number,
		readonly limit = mostBlocks,
	) {
		assert(sectors > 0 && sectors % sectorsPerBlock === 0, 'a medium is whole blocks of 4 KiB');
		this.leaves = new Array(Math.ceil(sectors / sectorsPerBlock / leafBlocks));
	}

	/** Blocks that were ever allocated, in use or spare. */
	get allocatedBlocks(): number {
		return this.allocated;
	}

	/** The bytes of a block; undefined when it was never written (or was undone). */
	block(block: number): Buffer | undefined {
		return this.leaves[block >>> leafBits]?.[block & (leafBlocks - 1)];
	}

	/** Makes `bytes` the block's content, undefined for zeros. The buffer it held before is the caller's. */
	replace(block: number, bytes: Buffer | undefined): void {
		let leaf = this.leaves[block >>> leafBits];
		if (leaf === undefined) {
			leaf = new Array(leafBlocks).fill(undefined);
			this.leaves[block >>> leafBits] = leaf;
		}

		leaf[block & (leafBlocks - 1)] = bytes;
	}

	/** A buffer of one block with unspecified content. */
	take(): Buffer {
		const spare = this.spare.pop();
		if (spare !== undefined) {
			return spare;
		}

		assert(
			this.allocated < this.limit,
			"a disk holds more than 5 GiB of written data: make the partition or the jobs' size: smaller",
		);
		const slab = new ArrayBuffer(slabBlocks * blockBytes);
		for (let i = slabBlocks - 1; i > 0; i--) {
			this.spare.push(Buffer.from(slab, i * blockBytes, blockBytes));
		}

		this.allocated += slabBlocks;
		return Buffer.from(slab, 0, blockBytes);
	}

	/** Gives back a buffer from `take` or `replace`. */
	give(bytes: Buffer): void {
		this.spare.push(bytes);
	}

	/** Copies `bytes` (a multiple of 512) from `sector` on into `target` at `offset`. */
	read(sector: number, target: Buffer, offset: number, bytes: number): void {
		if (bytes === blockBytes && sector % sectorsPerBlock === 0 && target.length === blockBytes) {
			target.set(this.block(sector / sectorsPerBlock) ?? zeroBlock);
			return;
		}

		let at = sector;
		let to = offset;
		let left = bytes;
		while (left > 0) {
			const within = (at % sectorsPerBlock) * sectorBytes;
			const length = Math.min(left, blockBytes - within);
			const from = this.block(Math.floor(at / sectorsPerBlock)) ?? zeroBlock;
			from.copy(target, to, within, within + length);
			at += length / sectorBytes;
			to += length;
			left -= length;
		}
	}
}
