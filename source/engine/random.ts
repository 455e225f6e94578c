/**
Random streams. Every consumer draws from its own stream, derived from the seed and the consumer's stable name, so that
adding or removing one consumer leaves all others' draws unchanged. The generator is sfc32 (Chris Doty-Humphrey's PractRand),
ten lines we own because golden hashes freeze it for ever. Exponential times come from a table computed with
operations that IEEE 754 fixes to the bit.
*/
import {tagOf} from './tag.js';

const tableBits = 12;
const tableSize = 1 << tableBits;
const scale = 65_536;
const exponentialTable = makeExponentialTable();

export class RandomStream {
	private a: number;
	private b: number;
	private c: number;
	private counter = 1;

	constructor(seed: number, name: string) {
		this.a = seed | 0;
		this.b = tagOf(name);
		this.c = Math.floor(seed / 4_294_967_296) | 0;
		for (let i = 0; i < 12; i++) {
			this.next();
		}
	}

	/** A uniform unsigned 32-bit integer. */
	next(): number {
		const sum = (this.a + this.b + this.counter) | 0;
		this.counter = (this.counter + 1) | 0;
		this.a = this.b ^ (this.b >>> 9);
		this.b = (this.c + (this.c << 3)) | 0;
		this.c = ((this.c << 21) | (this.c >>> 11)) + sum;
		this.c |= 0;
		return sum >>> 0;
	}

	/** A uniform integer in [0, limit); `limit` from 1 to 2^32. */
	below(limit: number): number {
		return Math.floor((this.next() * limit) / 4_294_967_296);
	}

	/** True with probability `parts` in a million. */
	chance(parts: number): boolean {
		return this.below(1_000_000) < parts;
	}

	/** An exponentially distributed integer with the given mean (nanoseconds, say), in steps of the table. */
	exponential(mean: number): number {
		return Math.round((mean * exponentialTable[this.next() >>> (32 - tableBits)]) / scale);
	}

	/** The generator's state, for the state hash. */
	get state(): readonly [number, number, number, number] {
		return [this.a, this.b, this.c, this.counter];
	}
}

/** Hands out streams by name and remembers them, so that a state hash can cover all of them. */
export class RandomStreams {
	private readonly streams = new Map<string, RandomStream>();

	constructor(readonly seed: number) {}

	stream(name: string): RandomStream {
		let stream = this.streams.get(name);
		if (stream === undefined) {
			stream = new RandomStream(this.seed, name);
			this.streams.set(name, stream);
		}

		return stream;
	}

	*[Symbol.iterator](): IterableIterator<[string, RandomStream]> {
		yield* this.streams;
	}
}

/** -ln(1 - u) at the middle of each of the table's intervals, times `scale`, corrected so that the mean is exactly `scale`. */
function makeExponentialTable(): Float64Array {
	const table = new Float64Array(tableSize);
	let total = 0;
	for (let i = 0; i < tableSize; i++) {
		table[i] = -logarithm((tableSize - i - 0.5) / tableSize) * scale;
		total += table[i];
	}

	const correction = (scale * tableSize) / total;
	for (let i = 0; i < tableSize; i++) {
		table[i] = Math.round(table[i] * correction);
	}

	return table;
}

/** ln x for 0 < x <= 1 by halving and a series: + - * / only, the same bits on every machine. */
function logarithm(x: number): number {
	const ln2 = 2 * inverseHyperbolicTangent(1 / 3);
	let value = x;
	let halvings = 0;
	while (value < 0.75) {
		value *= 2;
		halvings++;
	}

	return 2 * inverseHyperbolicTangent((value - 1) / (value + 1)) - halvings * ln2;
}

function inverseHyperbolicTangent(ratio: number): number {
	const square = ratio * ratio;
	let term = ratio;
	let sum = 0;
	for (let n = 1; n < 40; n += 2) {
		sum += term / n;
		term *= square;
	}

	return sum;
}
