/**
Machine memory: 4 KiB frames, held in slabs that come into being when first touched, so that a large host costs only what it
uses. Views of a frame are made once and kept: copying and comparing whole frames then allocates nothing.
*/
import {assert} from '../engine/assert.js';

export const frameBytes = 4096;
export const frameWords = frameBytes / 4;
const slabBits = 10;
const slabFrames = 1 << slabBits;

export class Memory {
	/** Frames 0 … frames-1 exist; frame f holds machine addresses f*4096 … f*4096+4095. */
	readonly frames: number;
	private readonly slabs: (ArrayBuffer | undefined)[] = [];
	/** Views of the frames touched so far, by slab. */
	private readonly byteViews: (Buffer | undefined)[][] = [];
	private readonly wordViews: (Int32Array | undefined)[][] = [];

	/** @param size bytes, a multiple of 4 KiB. */
	constructor(readonly size: number) {
		assert(size % frameBytes === 0 && size > 0, 'memory is whole frames');
		this.frames = size / frameBytes;
		for (let slab = 0; slab * slabFrames < this.frames; slab++) {
			this.byteViews.push([]);
			this.wordViews.push([]);
		}
	}

	/** The bytes of one frame; always the same object. */
	bytes(frame: number): Buffer {
		return this.byteViews[frame >> slabBits]?.[frame & (slabFrames - 1)] ?? this.viewBytes(frame);
	}

	/** The little-endian 32-bit words of one frame; always the same object. */
	words(frame: number): Int32Array {
		return this.wordViews[frame >> slabBits]?.[frame & (slabFrames - 1)] ?? this.viewWords(frame);
	}

	/** A view of `count` neighbouring frames of one 4 MiB slab as words, for structures larger than a frame. Cold paths only. */
	span(frame: number, count: number): Int32Array {
		assert(Math.floor(frame / slabFrames) === Math.floor((frame + count - 1) / slabFrames), 'a span lies in one slab');
		assert(frame >= 0 && frame + count <= this.frames, 'the frames exist');
		return new Int32Array(this.slab(frame), (frame % slabFrames) * frameBytes, count * frameWords);
	}

	/** The 32-bit word at a machine address divisible by four. */
	read32(address: number): number {
		return this.words(Math.floor(address / frameBytes))[(address % frameBytes) >> 2];
	}

	write32(address: number, value: number): void {
		this.words(Math.floor(address / frameBytes))[(address % frameBytes) >> 2] = value;
	}

	/** Fills a frame with zeros: what Xen does before a page changes hands. */
	scrub(frame: number): void {
		if (this.slabs[Math.floor(frame / slabFrames)] !== undefined) {
			this.words(frame).fill(0);
		}
	}

	/** Fills all of it with zeros: what firmware does when the machine starts again. Views stay what they are. */
	clear(): void {
		for (const slab of this.slabs) {
			if (slab !== undefined) {
				new Int32Array(slab).fill(0);
			}
		}
	}

	private slab(frame: number): ArrayBuffer {
		const index = Math.floor(frame / slabFrames);
		let slab = this.slabs[index];
		if (slab === undefined) {
			slab = new ArrayBuffer(slabFrames * frameBytes);
			this.slabs[index] = slab;
		}

		return slab;
	}

	private viewBytes(frame: number): Buffer {
		assert(frame >= 0 && frame < this.frames, 'the frame exists');
		const view = Buffer.from(this.slab(frame), (frame % slabFrames) * frameBytes, frameBytes);
		let views = this.byteViews[frame >> slabBits];
		if (views.length === 0) {
			views = new Array(slabFrames).fill(undefined);
			this.byteViews[frame >> slabBits] = views;
		}

		views[frame & (slabFrames - 1)] = view;
		return view;
	}

	private viewWords(frame: number): Int32Array {
		assert(frame >= 0 && frame < this.frames, 'the frame exists');
		const view = new Int32Array(this.slab(frame), (frame % slabFrames) * frameBytes, frameWords);
		let views = this.wordViews[frame >> slabBits];
		if (views.length === 0) {
			views = new Array(slabFrames).fill(undefined);
			this.wordViews[frame >> slabBits] = views;
		}

		views[frame & (slabFrames - 1)] = view;
		return view;
	}
}
