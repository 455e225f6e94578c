/**
A guest kernel's own side of its grant table: hands out references, writes entries in the order the ABI asks for (frame and domid
first, flags last), takes access back only when Xen's reading and writing bits allow it, and keeps what could not be taken back on
a list to try again (after Linux drivers/xen/grant-table.c, which defers such entries and retries them every second).
*/
import {assert} from '../../engine/assert.js';
import {
	entryWord,
	GTF_permit_access,
	GTF_reading,
	GTF_readonly,
	GTF_writing,
	grantEntriesPerFrame,
	reservedGrants,
} from './grant-entry.js';

const none = -1;

export class GuestGrantTable {
	/** References that wait for the peer to unmap. */
	private deferredReferences: number[] = [];
	private readonly words: Int32Array[] = [];
	/** Links of the free list, by reference. */
	private next = new Int32Array(0);
	private head = none;
	/** References in use, the reserved ones not counted. */
	used = 0;

	/**
	@param setup GNTTABOP_setup_table for one more frame: its words, or null when the hypervisor grants no more.
	Called first for the frame that exists from the start.
	*/
	constructor(private readonly setup: (index: number) => Int32Array | null) {
		const grew = this.grow();
		assert(grew, 'a domain has at least one grant frame');
	}

	/** References that exist, reserved ones included. */
	get size(): number {
		return this.next.length;
	}

	/** Lets `domid` reach `frame`. Returns the reference; -1 when the table is full and cannot grow. */
	grant(domid: number, frame: number, readonly: boolean): number {
		if (this.head === none && !this.grow()) return none;
		const reference = this.head;
		this.head = this.next[reference];
		this.used++;
		this.write(reference, domid, frame, readonly);
		return reference;
	}

	/** Fills one of the reserved references, which the toolstack's conventions assign (0 console, 1 XenStore). */
	grantReserved(reference: number, domid: number, frame: number, readonly: boolean): void {
		assert(reference >= 0 && reference < reservedGrants, 'references 0 to 7 are reserved');
		this.write(reference, domid, frame, readonly);
	}

	/** Whether the peer has the frame mapped now. */
	inUse(reference: number): boolean {
		return (this.flags(reference) & (GTF_reading | GTF_writing)) !== 0;
	}

	/** Takes access back and frees the reference; false, and nothing changed, while the peer has the frame mapped. */
	end(reference: number): boolean {
		if (!this.revoke(reference)) return false;
		this.release(reference);
		return true;
	}

	/** As `end`; when the peer still maps the frame the reference goes to the deferral list and the frame must not be reused. */
	endOrDefer(reference: number): boolean {
		if (this.end(reference)) return true;
		this.deferredReferences.push(reference);
		return false;
	}

	/** References on the deferral list. */
	get deferred(): number {
		return this.deferredReferences.length;
	}

	/** Tries the deferral list again; calls `freed` for each reference that came free, with its frame. */
	retryDeferred(freed: (reference: number, frame: number) => void): void {
		const waiting = this.deferredReferences;
		this.deferredReferences = [];
		for (const reference of waiting) {
			const frame = this.frameOf(reference);
			if (this.endOrDefer(reference)) freed(reference, frame);
		}
	}

	/** The frame an entry names. */
	frameOf(reference: number): number {
		return this.wordsOf(reference)[entryWord(reference) + 1];
	}

	private write(reference: number, domid: number, frame: number, readonly: boolean): void {
		const words = this.wordsOf(reference);
		const at = entryWord(reference);
		assert((words[at] & 0xffff) === 0, 'a free entry has no flags');
		words[at + 1] = frame;
		words[at] = domid << 16;
		words[at] |= GTF_permit_access | (readonly ? GTF_readonly : 0);
	}

	private revoke(reference: number): boolean {
		const words = this.wordsOf(reference);
		const at = entryWord(reference);
		assert((words[at] & 0xffff) !== 0, 'only a granted reference is taken back');
		if ((words[at] & (GTF_reading | GTF_writing)) !== 0) return false;
		words[at] &= ~0xffff;
		return true;
	}

	private release(reference: number): void {
		if (reference < reservedGrants) return;
		this.next[reference] = this.head;
		this.head = reference;
		this.used--;
	}

	private flags(reference: number): number {
		return this.wordsOf(reference)[entryWord(reference)] & 0xffff;
	}

	private wordsOf(reference: number): Int32Array {
		return this.words[Math.floor(reference / grantEntriesPerFrame)];
	}

	private grow(): boolean {
		const words = this.setup(this.words.length);
		if (words === null) return false;
		const size = this.words.push(words) * grantEntriesPerFrame;
		const first = Math.max(reservedGrants, size - grantEntriesPerFrame);
		const next = new Int32Array(size);
		next.set(this.next);
		for (let reference = first; reference < size; reference++)
			next[reference] = reference + 1 < size ? reference + 1 : this.head;
		this.next = next;
		this.head = first;
		return true;
	}
}
