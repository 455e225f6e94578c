/**
Invariants. They are part of the program, not of its tests: they stay on, and a broken one stops the run with
what was expected. TigerBeetle's style: assert what must hold where it must hold.
*/
export class AssertionError extends Error {
	override readonly name = 'AssertionError';
}

/** Stops the simulation when an invariant does not hold. `message` says what must hold. */
export function assert(condition: boolean, message: string): asserts condition {
	if (!condition) {
		throw new AssertionError(message);
	}
}
