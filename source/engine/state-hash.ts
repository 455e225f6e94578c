/**
The state hash: a rolling 64-bit value in two 32-bit words over everything that happens. Two runs with the same hash took the
same trajectory; it says nothing about whether the trajectory was right (the oracle does that).
*/
export class StateHash {
	private low = 0x243f6a88 | 0;
	private high = 0x85a308d3 | 0;

	/** Mixes one 32-bit word. */
	word(value: number): void {
		const low = Math.imul(this.low ^ value, 0x9e3779b1);
		this.low = low ^ (low >>> 15);
		this.high = Math.imul(this.high + low, 0x85ebca6b) ^ (this.high >>> 13);
	}

	/** Mixes an executed event: its time in nanoseconds, its step's tag and its argument. */
	event(time: number, tag: number, argument: number): void {
		const high = (time / 4_294_967_296) | 0;
		let low = Math.imul(this.low ^ (time - high * 4_294_967_296) ^ high, 0x9e3779b1);
		low ^= low >>> 15;
		const mixed = Math.imul(this.high + low, 0x85ebca6b) ^ (tag + Math.imul(argument, 0x27d4eb2f));
		this.low = Math.imul(low ^ mixed, 0xc2b2ae35);
		this.high = mixed ^ (mixed >>> 13);
	}

	/** Mixes every byte of a span of memory, for `--hash full` and interval hashes. Offset and length in 32-bit words. */
	words(words: Int32Array, offset: number, length: number): void {
		for (let i = offset; i < offset + length; i++) {
			this.word(words[i]);
		}
	}

	/** Sixteen hexadecimal digits. */
	toString(): string {
		return hex(this.high) + hex(this.low);
	}
}

function hex(word: number): string {
	return (word >>> 0).toString(16).padStart(8, '0');
}
