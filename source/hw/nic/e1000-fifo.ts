/**
One half of the 64 KiB packet buffer of an 82540EM: frames waiting for the wire, or for descriptors. A frame takes its bytes and a
header of 16, rounded up to 16, as Intel's driver for the 82547 counts them. After SDM §13.4.16.
*/
import {assert} from '../../engine/assert.js';
import type {WireFrame} from '../lan/wire.js';

const header = 16;
const granule = 16;
/** More than 64 KiB can hold of the smallest frames. */
const slots = 4096;

export class E1000Fifo {
	/** Bytes it may hold. */
	capacity: number;
	/** Bytes taken. */
	used = 0;
	/** What is known of a frame that waits for descriptors: bytes to store, status and errors, packet checksum. By slot. */
	readonly bytes = new Int32Array(slots);
	readonly status = new Int32Array(slots);
	readonly checksum = new Int32Array(slots);
	readonly #frames: (WireFrame | null)[] = new Array(slots).fill(null);
	readonly #taken = new Int32Array(slots);
	#first = 0;
	#count = 0;

	constructor(capacity: number) {
		this.capacity = capacity;
	}

	/** Frames in it. */
	get count(): number {
		return this.#count;
	}

	/** Slot of the oldest frame. */
	get first(): number {
		return this.#first;
	}

	/** Whether a frame of so many bytes finds room beside what is there. */
	fits(bytes: number): boolean {
		return this.used + space(bytes) <= this.capacity && this.#count < slots;
	}

	/** Adds a frame that takes the room of `bytes`. Returns its slot. */
	push(frame: WireFrame, bytes: number): number {
		assert(this.#count < slots, 'the packet buffer has room for the frame');
		const slot = (this.#first + this.#count++) & (slots - 1);
		this.#frames[slot] = frame;
		this.#taken[slot] = space(bytes);
		this.used += this.#taken[slot];
		return slot;
	}

	/** The oldest frame; it stays. */
	peek(): WireFrame {
		const frame = this.#frames[this.#first];
		assert(frame !== null, 'the packet buffer holds a frame');
		return frame;
	}

	/** Takes the oldest frame out. */
	shift(): WireFrame {
		const frame = this.peek();
		this.#frames[this.#first] = null;
		this.used -= this.#taken[this.#first];
		this.#first = (this.#first + 1) & (slots - 1);
		this.#count--;
		return frame;
	}
}

function space(bytes: number): number {
	return (bytes + header + granule - 1) & ~(granule - 1);
}
