/**
What a TCP receiver keeps: bytes that came out of order, and bytes in order that nobody has taken yet. Both lie in one ring of the size
of the receive buffer, at their sequence number; the ring is made when first needed, for a reader that keeps up needs none.
*/
import {assert} from '../engine/assert.js';
import type {PacketBuffer} from './packet-buffer.js';

/** Gaps remembered; what would make more is not kept, and is sent again. */
const mostRanges = 64;

export class Reassembly {
	private readonly mask: number;
	private bytes: Buffer | null = null;
	/** Ranges out of order, in order of sequence, apart from each other. */
	private readonly starts = new Int32Array(mostRanges + 1);
	private readonly ends = new Int32Array(mostRanges + 1);
	ranges = 0;

	/** @param size bytes, a power of two. */
	constructor(readonly size: number) {
		assert((size & (size - 1)) === 0, 'a receive buffer is a power of two of bytes');
		this.mask = size - 1;
	}

	get ring(): Buffer {
		this.bytes ??= Buffer.alloc(this.size);
		return this.bytes;
	}

	index(sequence: number): number {
		return sequence & this.mask;
	}

	/** Copies `length` bytes from `offset` of the packet on to where `sequence` lies. */
	copy(packet: PacketBuffer, offset: number, sequence: number, length: number): void {
		const {ring} = this;
		let start = 0;
		let at = sequence;
		let from = offset;
		const end = offset + length;
		for (let chunk = 0; chunk < packet.chunks && from < end; chunk++) {
			const next = start + packet.lengths[chunk];
			while (from < end && from < next) {
				const index = at & this.mask;
				const bytes = Math.min(end, next) - from;
				const piece = Math.min(bytes, this.size - index);
				const source = packet.offsets[chunk] + from - start;
				packet.memory[chunk].copy(ring, index, source, source + piece);
				from += piece;
				at = (at + piece) | 0;
			}

			start = next;
		}
	}

	/** Notes that [start, end) has come out of order. @returns false when there is no room for another range. */
	add(start: number, end: number): boolean {
		const starts = this.starts;
		const ends = this.ends;
		// The first range that is not wholly before the new one, and the first that is wholly behind it.
		let first = 0;
		while (first < this.ranges && ((start - ends[first]) | 0) > 0) first++;
		let behind = first;
		while (behind < this.ranges && ((starts[behind] - end) | 0) <= 0) behind++;
		if (behind === first) {
			if (this.ranges === mostRanges) return false;
			starts.copyWithin(first + 1, first, this.ranges);
			ends.copyWithin(first + 1, first, this.ranges);
			starts[first] = start;
			ends[first] = end;
			this.ranges++;
			return true;
		}

		const lowest = ((start - starts[first]) | 0) < 0 ? start : starts[first];
		const highest = ((end - ends[behind - 1]) | 0) > 0 ? end : ends[behind - 1];
		starts[first] = lowest;
		ends[first] = highest;
		starts.copyWithin(first + 1, behind, this.ranges);
		ends.copyWithin(first + 1, behind, this.ranges);
		this.ranges -= behind - first - 1;
		return true;
	}

	/** Where the bytes in order end when they reach `sequence`: there, or at the end of the ranges they have met. */
	reach(sequence: number): number {
		let end = sequence;
		while (this.ranges > 0 && ((this.starts[0] - end) | 0) <= 0) {
			if (((this.ends[0] - end) | 0) > 0) end = this.ends[0];
			this.starts.copyWithin(0, 1, this.ranges);
			this.ends.copyWithin(0, 1, this.ranges);
			this.ranges--;
		}

		return end;
	}
}
