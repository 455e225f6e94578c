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
	private readonly frames: (WireFrame | null)[] = new Array(slots).fill(null);
	private readonly taken = new Int32Array(slots);
	private oldest = 0;
	private held = 0;

	constructor(capacity: number) {
		this.capacity = capacity;
	}

	/** Frames in it. */
	get count(): number {
		return this.held;
	}

	/** Slot of the oldest frame. */
	get first(): number {
		return this.oldest;
	}

	/** Whether a frame of so many bytes finds room beside what is there. */
	fits(bytes: number): boolean {
		return this.used + space(bytes) <= this.capacity && this.held < slots;
	}

	/** Adds a frame that takes the room of `bytes`. Returns its slot. */
	push(frame: WireFrame, bytes: number): number {
		assert(this.held < slots, 'the packet buffer has room for the frame');
		const slot = (this.oldest + this.held++) & (slots - 1);
		this.frames[slot] = frame;
		this.taken[slot] = space(bytes);
		this.used += this.taken[slot];
		return slot;
	}

	/** The oldest frame; it stays. */
	peek(): WireFrame {
		const frame = this.frames[this.oldest];
		assert(frame !== null, 'the packet buffer holds a frame');
		return frame;
	}

	/** Takes the oldest frame out. */
	shift(): WireFrame {
		const frame = this.peek();
		this.frames[this.oldest] = null;
		this.used -= this.taken[this.oldest];
		this.oldest = (this.oldest + 1) & (slots - 1);
		this.held--;
		return frame;
	}
}

function space(bytes: number): number {
	return (bytes + header + granule - 1) & ~(granule - 1);
}
