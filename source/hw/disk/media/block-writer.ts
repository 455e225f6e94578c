/**
How bytes get from a controller into a medium: block by block into the byte store and the write cache, each new block handed to the
mechanism at once, and the ways in which a block may go wrong without anybody reporting it.

Fault point (subject: the first sector written in the block):
  medium.bytes    alter, by value: 0 one bit of the sector flips, 1 the write of this block is lost, 2 it lands on the next block
*/
import {alter, type FaultPoint} from '../../../engine/fault-points.js';
import {blockBytes, sectorsPerBlock} from './byte-store.js';
import type {Mechanism} from './mechanism.js';
import type {WriteCache} from './write-cache.js';

const sectorBytes = 512;

export class BlockWriter {
	/** @param fault of the point medium.bytes. */
	constructor(
		private readonly cache: WriteCache,
		private readonly mechanism: Mechanism,
		private readonly fault: FaultPoint,
	) {}

	/** As Medium.writeBytes. */
	write(sector: number, source: Buffer, offset: number, bytes: number): void {
		if (bytes === blockBytes && sector % sectorsPerBlock === 0) {
			this.writeBlock(sector / sectorsPerBlock, 0, source, offset, blockBytes);
			return;
		}

		let at = sector;
		let from = offset;
		let left = bytes;
		while (left > 0) {
			const within = (at % sectorsPerBlock) * sectorBytes;
			const length = Math.min(left, blockBytes - within);
			this.writeBlock(Math.floor(at / sectorsPerBlock), within, source, from, length);
			at += length / sectorBytes;
			from += length;
			left -= length;
		}
	}

	/** Flips one bit of a sector where it is stored: corruption that nobody reported. */
	corrupt(sector: number, bit: number): void {
		const {store} = this.cache;
		const block = Math.floor(sector / sectorsPerBlock);
		let bytes = store.block(block);
		if (bytes === undefined) {
			bytes = store.take();
			bytes.fill(0);
			store.replace(block, bytes);
		}

		bytes[(sector % sectorsPerBlock) * sectorBytes + (bit >>> 3)] ^= 1 << (bit & 7);
	}

	private writeBlock(block: number, within: number, source: Buffer, from: number, bytes: number): void {
		const fault = this.fault.armed;
		let target = block;
		let flip = false;
		if (fault !== null && fault.decide(block * sectorsPerBlock + within / sectorBytes) === alter) {
			flip = fault.value === 0;
			if (fault.value === 1) {
				return;
			}

			if (fault.value === 2) {
				target = (block + 1) % (this.cache.store.sectors / sectorsPerBlock);
			}
		}

		const entry = this.cache.write(target, within, source, from, bytes);
		if (flip) {
			this.corrupt(block * sectorsPerBlock + within / sectorBytes, 100);
		}

		if (entry >= 0) {
			this.mechanism.program(target, entry);
		}
	}
}
