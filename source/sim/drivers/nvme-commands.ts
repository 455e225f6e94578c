/**
The commands of an I/O queue by tag, in typed arrays: which request each carries a part of, and how far it is. A request takes one
tag for each command it needs; the first is its owner and is freed last. Command identifiers carry a 4-bit generation above
the tag, as Linux's do since 5.14, so that a completion that comes twice is recognised.
*/
import {assert} from '../../engine/assert.js';
import type {BlockRequest} from '../kernel/block-device.js';

export const tagFree = 0;
/** Taken, but not in the controller's queue. */
export const tagHeld = 1;
/** In the controller's hands. */
export const tagSent = 2;
/** Complete; an owner that waits for the other commands of its request. */
export const tagDone = 3;

const tagMask = 0xfff;
export const tagLimit = tagMask;

export class NvmeCommands {
	readonly state: Uint8Array;
	/** Owner tag of the request that the command belongs to, and the request's next command or -1. */
	readonly owner: Int32Array;
	readonly next: Int32Array;
	/** The command's share: segments, first 512-byte sector, bytes. */
	readonly firstSegment: Int32Array;
	readonly segments: Int32Array;
	readonly sector: Float64Array;
	readonly bytes: Int32Array;
	readonly retries: Uint8Array;
	/** An abort has been sent for it. */
	readonly aborted: Uint8Array;
	/** When its time is up, ns. */
	readonly deadline: Float64Array;
	/** By owner: commands not yet complete, first error, bounce buffer or -1, the request. */
	readonly open: Int32Array;
	readonly error: Int32Array;
	readonly bounce: Int32Array;
	readonly requests: (BlockRequest | null)[];
	readonly #generation: Uint8Array;
	readonly #free: Int32Array;
	free = 0;

	constructor(readonly tags: number) {
		assert(tags >= 1 && tags <= tagLimit, 'tags fit beside the generation in a command identifier');
		this.state = new Uint8Array(tags);
		this.owner = new Int32Array(tags);
		this.next = new Int32Array(tags);
		this.firstSegment = new Int32Array(tags);
		this.segments = new Int32Array(tags);
		this.sector = new Float64Array(tags);
		this.bytes = new Int32Array(tags);
		this.retries = new Uint8Array(tags);
		this.aborted = new Uint8Array(tags);
		this.deadline = new Float64Array(tags);
		this.open = new Int32Array(tags);
		this.error = new Int32Array(tags);
		this.bounce = new Int32Array(tags).fill(-1);
		this.requests = new Array<BlockRequest | null>(tags).fill(null);
		this.#generation = new Uint8Array(tags);
		this.#free = new Int32Array(tags);
		for (let tag = tags - 1; tag >= 0; tag--) this.#free[this.free++] = tag;
	}

	/** Tags in use. */
	get used(): number {
		return this.tags - this.free;
	}

	take(): number {
		assert(this.free > 0, 'a tag is taken when there is one');
		const tag = this.#free[--this.free];
		this.state[tag] = tagHeld;
		this.retries[tag] = 0;
		this.aborted[tag] = 0;
		this.next[tag] = -1;
		return tag;
	}

	give(tag: number): void {
		this.state[tag] = tagFree;
		this.#free[this.free++] = tag;
	}

	/** A new identifier for sending the command (again). */
	newIdentifier(tag: number): number {
		const generation = (this.#generation[tag] + 1) & 15;
		this.#generation[tag] = generation;
		return (generation << 12) | tag;
	}

	/** The identifier the command was last sent with. */
	identifier(tag: number): number {
		return (this.#generation[tag] << 12) | tag;
	}

	/** The tag of a command in the controller's hands; -1 for an identifier that none of them has. */
	tagOf(identifier: number): number {
		const tag = identifier & tagMask;
		if (tag >= this.tags || this.state[tag] !== tagSent || this.identifier(tag) !== identifier) return -1;
		return tag;
	}
}
