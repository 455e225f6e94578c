/**
A domain's maptrack: what each of its grant mapping handles stands for (Xen common/grant_table.c). Grows by a page of 256 entries
up to the limit. Freed handles go to the tail of the free list, so a stale handle stays recognisable as long as possible.
*/
import {assert} from '../../engine/assert.js';

const perPage = 256;
const none = -1;
/** Frames whose handle is remembered, by the low bits of their number. */
const remembered = 1024;

export class Maptrack {
	/** Entry of a handle: granter, reference, map flags (0: free), frame. Indexed by handle. */
	domids = new Int16Array(0);
	references = new Int32Array(0);
	flags = new Uint8Array(0);
	frames = new Int32Array(0);
	/** Handles in use. */
	used = 0;
	private next = new Int32Array(0);
	private head = none;
	private tail = none;
	/** A handle that mapped a frame with these low bits last. May be stale: whoever uses it looks at the entry. */
	private readonly hints = new Int32Array(remembered);

	/** @param maximumFrames max_maptrack_frames: pages of 256 handles. */
	constructor(readonly maximumFrames: number) {}

	/** Handles that exist, in use or not. */
	get size(): number {
		return this.flags.length;
	}

	/** A free handle; -1 when the table is full. The caller fills the entry, `flags` not zero. */
	take(): number {
		if (this.head === none && !this.grow()) return none;
		const handle = this.head;
		this.head = this.next[handle];
		if (this.head === none) this.tail = none;
		this.used++;
		return handle;
	}

	/** Remembers the handle of a frame just entered, so that `find` need not search. */
	remember(handle: number): void {
		this.hints[this.frames[handle] & (remembered - 1)] = handle;
	}

	/** A live handle of `frame` (that is not read-only, if `writable`), -1 when there is none. */
	find(frame: number, readonlyFlag: number, writable: boolean): number {
		const hint = this.hints[frame & (remembered - 1)];
		if (this.matches(hint, frame, readonlyFlag, writable)) return hint;
		for (let handle = 0; handle < this.size; handle++) {
			if (this.matches(handle, frame, readonlyFlag, writable)) return handle;
		}

		return none;
	}

	private matches(handle: number, frame: number, readonlyFlag: number, writable: boolean): boolean {
		const flags = this.flags[handle];
		return (
			handle < this.size && flags !== 0 && this.frames[handle] === frame && !(writable && (flags & readonlyFlag) !== 0)
		);
	}

	give(handle: number): void {
		this.flags[handle] = 0;
		this.next[handle] = none;
		if (this.tail === none) this.head = handle;
		else this.next[this.tail] = handle;
		this.tail = handle;
		this.used--;
	}

	private grow(): boolean {
		const size = this.size;
		assert(this.head === none, 'only a full table grows');
		if (size >= this.maximumFrames * perPage) return false;
		// Doubling, so that growing costs little; what exists beyond the limit is never handed out.
		const wanted = Math.min(this.maximumFrames * perPage, Math.max(perPage, size * 2));
		this.domids = grown(this.domids, new Int16Array(wanted));
		this.references = grown(this.references, new Int32Array(wanted));
		this.flags = grown(this.flags, new Uint8Array(wanted));
		this.frames = grown(this.frames, new Int32Array(wanted));
		this.next = grown(this.next, new Int32Array(wanted));
		for (let handle = size; handle < wanted; handle++) this.next[handle] = handle + 1 < wanted ? handle + 1 : none;
		this.head = size;
		this.tail = wanted - 1;
		return true;
	}
}

function grown<T extends Int16Array | Int32Array | Uint8Array>(from: T, to: T): T {
	to.set(from);
	return to;
}
