/**
The commands an NVMe controller is working on, in typed arrays by slot: nothing is made or thrown away for a command. I/O slots come
first and are the medium's slots too; a few slots are the admin queue's own, so that I/O never keeps an admin command from running.
*/
import {noHandle} from '../../engine/event-queue.js';

/** What a slot is doing. */
export const slotFree = 0;
/** Its next engine event is pending: delayed start, transfer, posting, an admin command's work. */
export const slotScheduled = 1;
/** The medium has it. */
export const slotMedium = 2;
/** An armed fault swallowed it: it never completes by itself. */
export const slotStuck = 3;
/** It is complete; its completion queue has no room. */
export const slotWaiting = 4;
/** An asynchronous event request, waiting for an event. */
export const slotEvent = 5;
/** An admin command that waits for other commands (queue deletion). */
export const slotHeld = 6;

export const adminSlots = 16;

export class NvmeCommands {
	readonly total: number;
	readonly state: Uint8Array;
	readonly queue: Int32Array;
	readonly cid: Int32Array;
	/** 1 when the slot took its command identifier, 0 after a conflict. */
	readonly ownsCid: Uint8Array;
	readonly opcode: Int32Array;
	readonly forceUnitAccess: Uint8Array;
	/** First 512-byte sector; beyond 32 bits on large media. */
	readonly sector: Float64Array;
	readonly sectors: Int32Array;
	/** Offset of the data in the first page. */
	readonly offset: Int32Array;
	readonly status: Int32Array;
	readonly result: Int32Array;
	readonly identity: Int32Array;
	/** Pending engine event. */
	readonly handle: Float64Array;
	/** Next slot waiting for room in the same completion queue, or -1. */
	readonly next: Int32Array;
	/** Frames of the data, `pagesPerSlot` a slot. */
	readonly frames: Int32Array;
	/** The sixteen words of each admin command. */
	readonly adminWords: Int32Array;
	private readonly free: Int32Array;
	private freeIo = 0;
	private freeAdmin = 0;

	constructor(
		readonly io: number,
		readonly pagesPerSlot: number,
	) {
		const total = io + adminSlots;
		this.total = total;
		this.state = new Uint8Array(total);
		this.queue = new Int32Array(total);
		this.cid = new Int32Array(total);
		this.ownsCid = new Uint8Array(total);
		this.opcode = new Int32Array(total);
		this.forceUnitAccess = new Uint8Array(total);
		this.sector = new Float64Array(total);
		this.sectors = new Int32Array(total);
		this.offset = new Int32Array(total);
		this.status = new Int32Array(total);
		this.result = new Int32Array(total);
		this.identity = new Int32Array(total);
		this.handle = new Float64Array(total).fill(noHandle);
		this.next = new Int32Array(total).fill(-1);
		this.frames = new Int32Array(total * pagesPerSlot);
		this.adminWords = new Int32Array(adminSlots * 16);
		this.free = new Int32Array(total);
		this.clear();
	}

	/** All slots free. */
	clear(): void {
		this.state.fill(slotFree);
		this.handle.fill(noHandle);
		this.freeIo = 0;
		for (let slot = this.io - 1; slot >= 0; slot--) {
			this.free[this.freeIo++] = slot;
		}

		this.freeAdmin = 0;
		for (let slot = this.total - 1; slot >= this.io; slot--) {
			this.free[this.io + this.freeAdmin++] = slot;
		}
	}

	/** Commands of I/O queues being worked on. */
	get busy(): number {
		return this.io - this.freeIo;
	}

	isBusy(slot: number): boolean {
		return this.state[slot] !== slotFree;
	}

	hasFree(admin: boolean): boolean {
		return (admin ? this.freeAdmin : this.freeIo) > 0;
	}

	take(admin: boolean): number {
		return admin ? this.free[this.io + --this.freeAdmin] : this.free[--this.freeIo];
	}

	release(slot: number): void {
		this.state[slot] = slotFree;
		if (slot >= this.io) {
			this.free[this.io + this.freeAdmin++] = slot;
		} else {
			this.free[this.freeIo++] = slot;
		}
	}
}
