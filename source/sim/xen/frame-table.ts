/**
Who owns each frame of machine memory, after Xen's frame table (page_info: owner, count_info, type_info). A frame that somebody
still maps by grant does not become free when its owner gives it up: it stays the owner's until the last reference goes, which
is why a dead domain with mapped frames stays about as a zombie. Frames are scrubbed before they are free.
*/
import {assert} from '../../engine/assert.js';
import type {Memory} from '../../hw/memory.js';
import {ENOMEM, ESRCH} from './errno.js';
import {FreeFrames} from './free-frames.js';

/** Owner of a free frame. */
export const nobody = -1;

/** Frames that one view of memory can span, from a multiple of it. */
const spanFrames = 1024;

/** The owner gave the frame up while others held references. */
const released = 1;
/** Memory of the hypervisor shared with its owner (shared_info, grant table): not part of the domain's allocation. */
const xenHeap = 2;

export class FrameTable {
	/** Told of each run of frames that begins, and each frame that ceases, to be reachable by its owner's devices (its own allocation). */
	onAllocate: (domid: number, first: number, count: number) => void = () => {};
	onFree: (domid: number, frame: number) => void = () => {};

	readonly frames: number;
	private readonly memory: Memory;
	private readonly pool: FreeFrames;
	private readonly owner: Int16Array;
	private readonly referenceCounts: Int32Array;
	private readonly writable: Int32Array;
	private readonly flags: Uint8Array;
	/** Indexed by domid: frames of the domain's allocation, its limit (-1: no such domain), shared frames of the hypervisor. */
	private readonly pageCounts: number[] = [];
	private readonly limits: number[] = [];
	private readonly sharedFrames: number[] = [];

	constructor(memory: Memory) {
		this.memory = memory;
		this.frames = memory.frames;
		this.pool = new FreeFrames(memory.frames);
		this.owner = new Int16Array(memory.frames).fill(nobody);
		this.referenceCounts = new Int32Array(memory.frames);
		this.writable = new Int32Array(memory.frames);
		this.flags = new Uint8Array(memory.frames);
	}

	/** A domain may own memory from now on, at most `maximum` frames (max_pages; Infinity: no limit). */
	addDomain(domid: number, maximum = Number.POSITIVE_INFINITY): void {
		assert(!this.known(domid), 'a domain is added once');
		this.limits[domid] = maximum;
		this.pageCounts[domid] = 0;
		this.sharedFrames[domid] = 0;
	}

	/** Forgets a domain that owns nothing any more. */
	removeDomain(domid: number): void {
		assert(this.pages(domid) + this.shared(domid) === 0, 'a domain that owns frames stays');
		this.limits[domid] = -1;
	}

	/** The lowest free frame, now `domid`'s and zeroed; -ENOMEM when memory or the domain's limit is exhausted, -ESRCH for no domain. */
	allocate(domid: number): number {
		const refused = this.refusal(domid, 1);
		if (refused !== 0) return refused;
		const frame = this.pool.next(0);
		if (frame < 0) return -ENOMEM;
		this.give(domid, frame);
		return frame;
	}

	/**
	XENMEM_populate_physmap for a new domain: as many frames as `frames` holds, lowest first where memory is in large free runs.
	@returns 0, or a negative error as `allocate`, with nothing given.
	*/
	populate(domid: number, frames: Int32Array): number {
		const refused = this.refusal(domid, frames.length);
		if (refused !== 0) return refused;
		if (this.freeFrames < frames.length) return -ENOMEM;
		let given = 0;
		while (frames.length - given >= 32) {
			const first = this.pool.firstWord();
			if (first < 0) break;
			const count = this.pool.takeWords(first, (frames.length - given) >> 5);
			this.owner.fill(domid, first, first + count);
			this.flags.fill(0, first, first + count);
			numberUp(frames, given, first, count);
			this.pageCounts[domid] += count;
			this.onAllocate(domid, first, count);
			given += count;
		}

		while (given < frames.length) frames[given++] = this.allocate(domid);
		return 0;
	}

	/**
	`count` neighbouring frames, the first a multiple of `alignment` frames, all below frame `limit`; the lowest that fit. At most
	4 MiB never cross a 4 MiB boundary, so that one view can span them (hw/memory.ts).
	@returns the first frame, or a negative error as `allocate`.
	*/
	allocateContiguous(domid: number, count: number, alignment = 1, limit = this.frames): number {
		assert(count > 0 && alignment > 0, 'at least one frame, aligned to at least one');
		const refused = this.refusal(domid, count);
		if (refused !== 0) return refused;
		const end = Math.min(limit, this.frames);
		let first = this.pool.next(0);
		while (first >= 0) {
			first = nextAligned(first, alignment);
			const into = first % spanFrames;
			if (count <= spanFrames && into + count > spanFrames) first = nextAligned(first - into + spanFrames, alignment);
			if (first + count > end) return -ENOMEM;
			let run = 0;
			while (run < count && this.pool.isFree(first + run)) run++;
			if (run === count) {
				for (let i = 0; i < count; i++) this.give(domid, first + i);
				return first;
			}

			first = this.pool.next(first + run + 1);
		}

		return -ENOMEM;
	}

	/** A frame of the hypervisor's own that it shares with `domid` (shared_info, grant frames): owned, outside the allocation. */
	allocateShared(domid: number): number {
		if (!this.known(domid)) return -ESRCH;
		const frame = this.pool.next(0);
		if (frame < 0) return -ENOMEM;
		this.pool.take(frame);
		this.owner[frame] = domid;
		this.flags[frame] = xenHeap;
		this.sharedFrames[domid]++;
		return frame;
	}

	/** The owner gives the frame up. It is scrubbed and free now, or when the last reference goes. */
	free(frame: number): void {
		const domid = this.owner[frame];
		assert(domid !== nobody && (this.flags[frame] & released) === 0, 'an owned frame is given up once');
		if ((this.flags[frame] & xenHeap) === 0) this.onFree(domid, frame);
		this.flags[frame] |= released;
		if (this.referenceCounts[frame] === 0) this.reclaim(frame);
	}

	/**
	Two frames change owners, and nothing else: what Xen 1.0 does with a received page and the one posted for it (a page flip). Both are
	of allocations, and nobody holds a reference. The bytes stay where they are: scrubbing is the caller's business.
	*/
	exchange(first: number, second: number): void {
		assert(
			this.isPlain(first) && this.isPlain(second),
			'frames that change owners are of an allocation and unreferenced',
		);
		const owner = this.owner[first];
		const other = this.owner[second];
		this.onFree(owner, first);
		this.onFree(other, second);
		this.owner[first] = other;
		this.owner[second] = owner;
		this.onAllocate(other, first, 1);
		this.onAllocate(owner, second, 1);
	}

	/** Whether a frame is of this domain's allocation and not given up. */
	isOwn(domid: number, frame: number): boolean {
		return this.ownerOf(frame) === domid && this.flags[frame] === 0;
	}

	/** Whether a frame is of somebody's allocation, not given up, and without references. */
	isPlain(frame: number): boolean {
		return this.ownerOf(frame) !== nobody && this.flags[frame] === 0 && this.referenceCounts[frame] === 0;
	}

	/** Gives up every frame of `domid` (its death). Returns how many stay because somebody still maps them. */
	freeAll(domid: number): number {
		let left = this.pages(domid) + this.shared(domid);
		let staying = 0;
		for (let frame = 0; left > 0 && frame < this.frames; frame++) {
			if (this.owner[frame] === domid) {
				left--;
				if ((this.flags[frame] & released) === 0) this.free(frame);
				if (this.owner[frame] === domid) staying++;
			}
		}

		return staying;
	}

	/** Gives up the frames of a dead domain's allocation; what Xen shares with it stays as long as the domain is known. */
	freePages(domid: number): void {
		for (let frame = 0; frame < this.frames; frame++) {
			if (this.owner[frame] === domid && this.flags[frame] === 0) this.free(frame);
		}
	}

	/** The domain that owns a frame; `nobody` for a free frame and for one that does not exist. */
	ownerOf(frame: number): number {
		return frame >= 0 && frame < this.frames ? this.owner[frame] : nobody;
	}

	/** Whether the owner has given the frame up and only others' references keep it. */
	isReleased(frame: number): boolean {
		return (this.flags[frame] & released) !== 0;
	}

	/** Grant mappings of a frame, of all mappers together. */
	references(frame: number): number {
		return this.referenceCounts[frame];
	}

	writableReferences(frame: number): number {
		return this.writable[frame];
	}

	/** Takes a reference: the frame will not be free before `dereference`. */
	reference(frame: number, writable: boolean): void {
		assert(this.owner[frame] !== nobody, 'a free frame has no references');
		this.referenceCounts[frame]++;
		if (writable) this.writable[frame]++;
	}

	dereference(frame: number, writable: boolean): void {
		assert(this.referenceCounts[frame] > 0, 'a reference is given back once');
		this.referenceCounts[frame]--;
		if (writable) this.writable[frame]--;
		if (this.referenceCounts[frame] === 0 && (this.flags[frame] & released) !== 0) this.reclaim(frame);
	}

	/** Frames of a domain's allocation, given-up ones that are still mapped included (xentop's MEM is this). */
	pages(domid: number): number {
		return this.pageCounts[domid] ?? 0;
	}

	/** Frames the hypervisor shares with the domain. */
	shared(domid: number): number {
		return this.sharedFrames[domid] ?? 0;
	}

	maximum(domid: number): number {
		return this.limits[domid] ?? 0;
	}

	setMaximum(domid: number, maximum: number): void {
		this.limits[domid] = maximum;
	}

	get freeFrames(): number {
		return this.pool.count;
	}

	/** Visits the runs of frames a domain owns and has not given up, lowest first. Cold paths only. */
	forEachRun(domid: number, visit: (first: number, count: number) => void): void {
		for (let frame = 0; frame < this.frames; ) {
			const count = this.run(domid, frame);
			if (count > 0) visit(frame, count);
			frame += count + 1;
		}
	}

	/** How many frames from `first` on are the domain's own and not given up. */
	private run(domid: number, first: number): number {
		let frame = first;
		while (frame < this.frames && this.owner[frame] === domid && this.flags[frame] === 0) frame++;
		return frame - first;
	}

	private refusal(domid: number, count: number): number {
		if (!this.known(domid)) return -ESRCH;
		return this.pageCounts[domid] + count > this.limits[domid] ? -ENOMEM : 0;
	}

	private known(domid: number): boolean {
		return (this.limits[domid] ?? -1) >= 0;
	}

	private give(domid: number, frame: number): void {
		this.pool.take(frame);
		this.owner[frame] = domid;
		this.flags[frame] = 0;
		this.pageCounts[domid]++;
		this.onAllocate(domid, frame, 1);
	}

	private reclaim(frame: number): void {
		const domid = this.owner[frame];
		if ((this.flags[frame] & xenHeap) === 0) this.pageCounts[domid]--;
		else this.sharedFrames[domid]--;
		this.owner[frame] = nobody;
		this.flags[frame] = 0;
		this.memory.scrub(frame);
		this.pool.give(frame);
	}
}

/** `count` numbers from `first` on, at `at` in `frames`. */
function numberUp(frames: Int32Array, at: number, first: number, count: number): void {
	for (let i = 0; i < count; i++) frames[at + i] = first + i;
}

function nextAligned(frame: number, alignment: number): number {
	return Math.ceil(frame / alignment) * alignment;
}
