/**
 * The hold model's delays, and the random source both sides of the comparison share. `mix` is this project's shape: 70 % of
 * the delays 0.2-3 us (steps, hops), 20 % 12-100 us (medium), 10 % 4-12 ms (timers). queue-hold.cpp has the same lines.
 */
export const mixSize = 65_536;

/** Marsaglia's xorshift32: the same 32-bit sequence in C++. */
export class Xorshift {
	#state;

	constructor(seed) {
		this.#state = seed | 0;
	}

	next() {
		let state = this.#state;
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		this.#state = state;
		return state >>> 0;
	}
}

/** Delays in nanoseconds. */
export function mixDelays(random) {
	const delays = new Float64Array(mixSize);
	for (let i = 0; i < mixSize; i++) {
		const kind = random.next() % 100;
		const draw = random.next();
		delays[i] = kind < 70 ? 200 + (draw % 2801) : kind < 90 ? 12_000 + (draw % 88_001) : 4_000_000 + (draw % 8_000_001);
	}

	return delays;
}
