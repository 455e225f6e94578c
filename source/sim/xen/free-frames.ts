/**
Which machine frames are free: a tree of bitmaps with 32 branches, so that the lowest free frame at or after any other is found
in a handful of word operations however full or fragmented memory is. Lowest first keeps memory dense (few slabs of the machine
are ever touched) and makes every allocation the same in every run.
*/
import {assert} from '../../engine/assert.js';

export class FreeFrames {
	/** levels[0] has a bit for each frame; each bit of a level above says that the word below it is not zero. */
	private readonly levels: Int32Array[] = [];
	/** Frames now free. */
	count = 0;

	/** All of frames 0 … frames-1 start free. */
	constructor(readonly frames: number) {
		let bits = frames;
		do {
			const words = new Int32Array(Math.ceil(bits / 32));
			words.fill(-1, 0, bits >> 5);
			if ((bits & 31) !== 0) words[bits >> 5] = (1 << (bits & 31)) - 1;
			this.levels.push(words);
			bits = words.length;
		} while (bits > 1);
		this.count = frames;
	}

	isFree(frame: number): boolean {
		return (this.levels[0][frame >> 5] & (1 << (frame & 31))) !== 0;
	}

	take(frame: number): void {
		assert(this.isFree(frame), 'only a free frame is taken');
		this.count--;
		let bit = frame;
		for (const words of this.levels) {
			words[bit >> 5] &= ~(1 << (bit & 31));
			if (words[bit >> 5] !== 0) return;
			bit >>= 5;
		}
	}

	/** The lowest frame that begins a wholly free word of the bitmap, 32 frames; -1 when none is wholly free. */
	firstWord(): number {
		const at = this.levels[0].indexOf(-1);
		return at < 0 ? -1 : at * 32;
	}

	/** Takes wholly free words of the bitmap from frame `first` on, at most `limit` of them: what populating a domain does. Returns the frames taken. */
	takeWords(first: number, limit: number): number {
		const words = this.levels[0];
		const from = first >> 5;
		let to = from;
		while (to < words.length && to - from < limit && words[to] === -1) to++;
		words.fill(0, from, to);
		for (let level = 1; level < this.levels.length; level++) {
			const below = this.levels[level - 1];
			for (let bit = from >> (5 * (level - 1)); bit <= (to - 1) >> (5 * (level - 1)); bit++) {
				if (below[bit] === 0) this.levels[level][bit >> 5] &= ~(1 << (bit & 31));
			}
		}

		this.count -= (to - from) * 32;
		return (to - from) * 32;
	}

	give(frame: number): void {
		assert(!this.isFree(frame), 'a free frame is not given back again');
		this.count++;
		let bit = frame;
		for (const words of this.levels) {
			const before = words[bit >> 5];
			words[bit >> 5] = before | (1 << (bit & 31));
			if (before !== 0) return;
			bit >>= 5;
		}
	}

	/** The lowest free frame that is `from` or above; -1 when there is none. */
	next(from: number): number {
		if (from >= this.frames) return -1;
		const levels = this.levels;
		let level = 0;
		let bit = from;
		for (;;) {
			// Bits at and above `bit` in its word; shifting by the low five bits only is what << does.
			const word = bit >> 5 < levels[level].length ? levels[level][bit >> 5] & (-1 << (bit & 31)) : 0;
			if (word !== 0) {
				bit = ((bit >> 5) << 5) + lowestBit(word);
				break;
			}

			bit = (bit >> 5) + 1;
			if (++level === levels.length || bit >= levels[level].length * 32) return -1;
		}

		while (level > 0) {
			level--;
			bit = (bit << 5) + lowestBit(levels[level][bit]);
		}

		return bit;
	}
}

function lowestBit(word: number): number {
	return 31 - Math.clz32(word & -word);
}
