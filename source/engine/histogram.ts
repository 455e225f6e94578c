/**
A latency histogram: 64 buckets to each doubling, exact below 128, so that any value is known to within 1/64 and the reported
middle of its bucket to within 1/128. Counting is one array increment. Windows are differences of two snapshots.
*/
import {assert} from './assert.js';

const subBits = 6;
const subBuckets = 1 << subBits;
/** Values up to 2^47 ns (39 hours); larger ones count as the largest. */
const doublings = 41;
const bucketCount = (doublings + 1) * subBuckets;

export class Histogram {
	private readonly counts: Int32Array;
	count = 0;
	/** Sum of the recorded values. */
	total = 0;
	/** Largest value recorded since the start, exact; 0 in a difference of snapshots until something is known. */
	maximum = 0;

	constructor(counts = new Int32Array(bucketCount)) {
		assert(counts.length === bucketCount, 'a histogram has its buckets');
		this.counts = counts;
	}

	/** @param value not negative, an integer (nanoseconds). */
	record(value: number): void {
		this.counts[bucketOf(value)]++;
		this.count++;
		this.total += value;
		if (value > this.maximum) {
			this.maximum = value;
		}
	}

	/** Arithmetic mean; 0 when empty. */
	get mean(): number {
		return this.count === 0 ? 0 : this.total / this.count;
	}

	/**
	The value below or at which `parts` of a million of the recorded values lie (990_000 is p99): the middle of its bucket, at most
	the maximum; 0 when empty.
	*/
	quantile(parts: number): number {
		const rank = Math.max(1, Math.ceil((this.count * parts) / 1_000_000));
		let seen = 0;
		for (let bucket = 0; bucket < bucketCount; bucket++) {
			seen += this.counts[bucket];
			if (seen >= rank) {
				return Math.min(middleOf(bucket), this.maximum);
			}
		}

		return 0;
	}

	/** A copy that no longer changes. */
	snapshot(): Histogram {
		const copy = new Histogram(this.counts.slice());
		copy.count = this.count;
		copy.total = this.total;
		copy.maximum = this.maximum;
		return copy;
	}

	/** What was recorded since `earlier`, a snapshot of this histogram. Its maximum is that of its highest bucket. */
	since(earlier: Histogram): Histogram {
		const difference = new Histogram();
		let highest = -1;
		for (let bucket = 0; bucket < bucketCount; bucket++) {
			const count = this.counts[bucket] - earlier.counts[bucket];
			assert(count >= 0, 'a histogram only grows');
			difference.counts[bucket] = count;
			if (count > 0) {
				highest = bucket;
			}
		}

		difference.count = this.count - earlier.count;
		difference.total = this.total - earlier.total;
		difference.maximum = highest < 0 ? 0 : Math.min(lastOf(highest), this.maximum);
		return difference;
	}

	/** Adds what another one recorded. */
	add(other: Histogram): void {
		for (let bucket = 0; bucket < bucketCount; bucket++) {
			this.counts[bucket] += other.counts[bucket];
		}

		this.count += other.count;
		this.total += other.total;
		this.maximum = Math.max(this.maximum, other.maximum);
	}

	/** Visits the buckets that are not empty: smallest value, largest value, count. */
	forEach(visit: (from: number, to: number, count: number) => void): void {
		for (let bucket = 0; bucket < bucketCount; bucket++) {
			if (this.counts[bucket] > 0) {
				visit(firstOf(bucket), lastOf(bucket), this.counts[bucket]);
			}
		}
	}
}

function bucketOf(value: number): number {
	if (value < subBuckets) {
		return value;
	}

	// The exponent of the value's highest bit, from one or two words: there is no Math.log here.
	const high = Math.floor(value / 4_294_967_296);
	const bit = high > 0 ? 63 - Math.clz32(high) : 31 - Math.clz32(value);
	const doubling = bit - subBits;
	if (doubling >= doublings) {
		return bucketCount - 1;
	}

	const sub = high > 0 ? Math.floor(value / powerOfTwo[doubling]) : value >>> doubling;
	return doubling * subBuckets + sub;
}

const powerOfTwo: readonly number[] = makePowers();

function makePowers(): number[] {
	const powers = [1];
	for (let i = 1; i <= 64; i++) {
		powers.push(powers[i - 1] * 2);
	}

	return powers;
}

function firstOf(bucket: number): number {
	if (bucket < 2 * subBuckets) {
		return bucket;
	}

	const doubling = Math.floor(bucket / subBuckets) - 1;
	return (bucket - doubling * subBuckets) * powerOfTwo[doubling];
}

function lastOf(bucket: number): number {
	return firstOf(bucket + 1) - 1;
}

function middleOf(bucket: number): number {
	return Math.floor((firstOf(bucket) + lastOf(bucket)) / 2);
}
