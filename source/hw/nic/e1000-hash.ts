/** A frame's mark in the state hash: its length and last four bytes, or all of them. */
import type {StateHash} from '../../engine/state-hash.js';

export function hashFrame(hash: StateHash, bytes: Buffer, length: number, all: boolean): void {
	hash.word(length);
	for (let i = all ? 0 : Math.max(0, length - 4); i < length; i += 4) {
		// Bytes beyond the length are none of the frame's.
		let word = 0;
		for (let n = i; n < Math.min(i + 4, length); n++) {
			word |= bytes[n] << ((n - i) * 8);
		}

		hash.word(word);
	}
}
