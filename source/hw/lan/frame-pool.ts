/**
The frames of a LAN: buffers that go from wire to wire and come back, so that nothing is allocated for a frame. Most hold 2 KiB, which
a full frame fits into; longer ones are made when somebody asks for one.
*/
import {assert} from '../../engine/assert.js';
import type {WireFrame} from './wire.js';

const usualBytes = 2048;
/** Buffers are cut from slabs, which whoever sums words looks up once for many; an IP header in them lies on a word. */
const slabFrames = 128;
const alignment = 2;

export class PooledFrame implements WireFrame {
	length = 0;
	damaged = false;
	note = '';
	identity = 0;
	/** It will not arrive: taken off the wire where it would have. */
	lost = false;
	/** The link's epoch when it was sent; of another epoch it is lost. */
	epoch = 0;
	free = false;
	/** It holds more than the usual bytes. */
	readonly long: boolean;

	/** @param number its place in the pool: what an event carries. */
	constructor(
		readonly bytes: Buffer,
		readonly number: number,
	) {
		this.long = bytes.length !== usualBytes;
	}
}

export class FramePool {
	private readonly frames: PooledFrame[] = [];
	private readonly free: PooledFrame[] = [];
	private readonly freeLong: PooledFrame[] = [];
	private slab = new ArrayBuffer(0);
	private slabUsed = 0;

	/** Frames somebody holds. */
	get inUse(): number {
		return this.frames.length - this.free.length - this.freeLong.length;
	}

	/** An empty frame of at least `bytes`; its contents are what the last user left. */
	take(bytes: number): PooledFrame {
		const frame = bytes <= usualBytes ? this.free.pop() : this.takeLong(bytes);
		if (frame === undefined) {
			return this.make(Math.max(bytes, usualBytes));
		}

		frame.free = false;
		return frame;
	}

	/** Another frame with the same contents and fate. */
	copy(frame: PooledFrame): PooledFrame {
		const copy = this.take(frame.length);
		frame.bytes.copy(copy.bytes, 0, 0, frame.length);
		copy.length = frame.length;
		copy.damaged = frame.damaged;
		copy.note = frame.note;
		copy.identity = frame.identity;
		return copy;
	}

	release(frame: WireFrame): void {
		const pooled = this.owned(frame);
		pooled.free = true;
		pooled.length = 0;
		pooled.damaged = false;
		pooled.note = '';
		pooled.identity = 0;
		pooled.lost = false;
		(pooled.long ? this.freeLong : this.free).push(pooled);
	}

	/** The frame of that number, on its way. */
	at(number: number): PooledFrame {
		return this.frames[number];
	}

	/** A frame that a station hands in, as the pool's own. */
	owned(frame: WireFrame): PooledFrame {
		assert(
			frame instanceof PooledFrame && this.frames[frame.number] === frame,
			'a frame comes from the pool of its LAN',
		);
		assert(!frame.free, 'a frame is handed on or back once');
		return frame;
	}

	private takeLong(bytes: number): PooledFrame | undefined {
		const index = this.freeLong.findLastIndex((frame) => frame.bytes.length >= bytes);
		return index < 0 ? undefined : this.freeLong.splice(index, 1)[0];
	}

	private make(bytes: number): PooledFrame {
		const frame = new PooledFrame(this.buffer(bytes), this.frames.length);
		this.frames.push(frame);
		return frame;
	}

	private buffer(bytes: number): Buffer {
		const room = usualBytes + 2 * alignment;
		if (bytes > usualBytes) {
			return Buffer.alloc(bytes);
		}

		if (this.slabUsed + room > this.slab.byteLength) {
			this.slab = new ArrayBuffer(slabFrames * room);
			this.slabUsed = 0;
		}

		const buffer = Buffer.from(this.slab, this.slabUsed + alignment, usualBytes);
		this.slabUsed += room;
		return buffer;
	}
}
