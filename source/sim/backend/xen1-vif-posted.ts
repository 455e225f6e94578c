/**
Pages a guest of Xen 1.0 has posted for packets. A request names a page table entry, in a page of the guest's; it must say that a page of
the guest's own, which nobody else uses, is there and writable. Xen pins both and takes the page out of the entry; when a packet has
come, the entry names the page it came in. Only the entry is modelled of a page table, no more of the guest's address space.
*/
import {frameBytes} from '../../hw/memory.js';
import {ptePresent, pteWritable, ringSlots} from '../channel/vif1.js';
import type {XenKernel} from '../kernel/xen-kernel.js';

const usable = ptePresent | pteWritable;
const frameShift = 12;

export class PostedPages {
	/** By slot: the request's id, where its entry lies, and the page it named. */
	readonly ids = new Uint16Array(ringSlots);
	private readonly tables = new Int32Array(ringSlots);
	private readonly entries = new Int32Array(ringSlots);
	private readonly frames = new Int32Array(ringSlots);
	private readonly free = Int32Array.from({length: ringSlots}, (_, slot) => ringSlots - 1 - slot);
	private freeCount: number = ringSlots;
	/** Slots in the order in which they were posted. */
	private readonly order = new Int32Array(ringSlots);
	private head = 0;
	/** Pages posted and not taken for a packet. */
	count = 0;

	constructor(
		private readonly kernel: XenKernel,
		private readonly domid: number,
	) {}

	/** @param address machine address of a page table entry. @returns false for one that cannot be. */
	post(id: number, address: number): boolean {
		const {kernel, domid} = this;
		const table = Math.floor(address / frameBytes);
		if (address % 4 !== 0 || !kernel.pin(domid, table, true)) return false;
		const words = kernel.words(table);
		const entry = (address % frameBytes) >> 2;
		const frame = words[entry] >>> frameShift;
		// The pin above makes a table that names itself fail here.
		if ((words[entry] & usable) !== usable || !kernel.isExclusive(domid, frame)) {
			kernel.unpin(table, true);
			return false;
		}

		kernel.pin(domid, frame, true);
		words[entry] &= ~ptePresent;
		const slot = this.free[--this.freeCount];
		this.ids[slot] = id;
		this.tables[slot] = table;
		this.entries[slot] = entry;
		this.frames[slot] = frame;
		this.order[(this.head + this.count++) % ringSlots] = slot;
		return true;
	}

	/** The slot posted longest ago, for a packet; -1 when there is none. */
	take(): number {
		if (this.count === 0) return -1;
		const slot = this.order[this.head];
		this.head = (this.head + 1) % ringSlots;
		this.count--;
		return slot;
	}

	/** The page of a slot taken, unpinned, to be exchanged and entered; -1, and all over, when the guest has put it to other use since. */
	claim(slot: number): number {
		const frame = this.frames[slot];
		this.kernel.unpin(frame, true);
		if (this.kernel.isExclusive(this.domid, frame)) return frame;
		this.end(slot);
		return -1;
	}

	/** Writes the entry of a claimed slot: it names `frame`, now the guest's. */
	enter(slot: number, frame: number): void {
		this.kernel.words(this.tables[slot])[this.entries[slot]] = (frame << frameShift) | usable;
		this.end(slot);
	}

	/** A slot taken is not needed; -1. */
	abandon(slot: number): -1 {
		this.kernel.unpin(this.frames[slot], true);
		this.end(slot);
		return -1;
	}

	/** Nothing is posted any more. */
	clear(): void {
		for (let slot = this.take(); slot >= 0; slot = this.take()) this.abandon(slot);
	}

	private end(slot: number): void {
		this.kernel.unpin(this.tables[slot], true);
		this.free[this.freeCount++] = slot;
	}
}
