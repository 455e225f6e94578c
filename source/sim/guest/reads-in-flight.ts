/** Which reads of which blocks are in flight, and since when: lists in a small table by block. A read is in one list for each of its blocks. */
import {assert} from '../../engine/assert.js';
import {grown} from './plain-sectors.js';

const buckets = 1024;
const none = 0;

export class ReadsInFlight {
	readonly #heads = new Int32Array(buckets);
	#next = new Int32Array(64);
	#blocks = new Int32Array(64);
	#since = new Float64Array(64);
	#free: number = none;
	#count = 1;

	begin(block: number, since: number): void {
		let reader = this.#free;
		if (reader === none) {
			if (this.#count === this.#next.length) {
				const length = this.#count * 2;
				this.#next = grown(this.#next, new Int32Array(length));
				this.#blocks = grown(this.#blocks, new Int32Array(length));
				this.#since = grown(this.#since, new Float64Array(length));
			}

			reader = this.#count++;
		} else {
			this.#free = this.#next[reader];
		}

		const bucket = block & (buckets - 1);
		this.#blocks[reader] = block;
		this.#since[reader] = since;
		this.#next[reader] = this.#heads[bucket];
		this.#heads[bucket] = reader;
	}

	end(block: number, since: number): void {
		const bucket = block & (buckets - 1);
		let before = none;
		let reader = this.#heads[bucket];
		while (this.#since[reader] !== since || this.#blocks[reader] !== block) {
			assert(reader !== none, 'a read that ends was begun');
			before = reader;
			reader = this.#next[reader];
		}

		if (before === none) {
			this.#heads[bucket] = this.#next[reader];
		} else {
			this.#next[before] = this.#next[reader];
		}

		this.#next[reader] = this.#free;
		this.#free = reader;
	}

	/** Since when the block's oldest read is in flight; Infinity when none is. */
	oldest(block: number): number {
		let oldest = Number.POSITIVE_INFINITY;
		for (let reader = this.#heads[block & (buckets - 1)]; reader !== none; reader = this.#next[reader]) {
			if (this.#blocks[reader] === block && this.#since[reader] < oldest) {
				oldest = this.#since[reader];
			}
		}

		return oldest;
	}
}
