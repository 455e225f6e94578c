/**
The door between a disk controller and what stores its sectors. A controller speaks registers and moves bytes to and from
memory; a medium knows when an operation is done and what each sector holds. Time and bytes pass through separate calls:

A read:  `start(mediumRead, …)` … `done(slot, 0)`, and in the controller's events after it `readBytes` (possibly a little
         later, when the transfer to memory ends). What `readBytes` returns is the newest written value, cached or stored.
A write: the controller has the bytes first and calls `writeBytes` for all of them, then `start(mediumWrite, …)` for the
         whole command in the same event. From `writeBytes` on the bytes are visible to `readBytes`, and only that:
         they lie in the device's memory, and loss of power may take any of their sectors. `done` acknowledges: with the
         cache enabled as soon as there is room in it; with it disabled, or with forceUnitAccess, when every
         sector of the command has reached stable storage. Storing a newer value of a sector instead is as good.
A flush: `done` when everything acknowledged before `start` has reached stable storage.

A sector (512 bytes) is atomic, an operation is not: power loss leaves each sector that is not stable either with its stored
value or with the newest written one, never a mixture, whatever its neighbours did. Writes in flight at a controller reset have
happened (their bytes are here), or have not (the controller never called `writeBytes`); nothing of them happens later, except
that the cache goes on writing back what it holds. A reset leaves the cache alone.
*/

export const mediumRead = 0;
export const mediumWrite = 1;
export const mediumFlush = 3;
export type MediumOperation = typeof mediumRead | typeof mediumWrite | typeof mediumFlush;

/** Slots are 0 … mediumSlots-1: a medium may keep an operation's state in arrays of this length. */
export const mediumSlots = 2048;

/** What `done` reports. Media errors carry NVMe's status code type and code (type << 8 | code, NVMe base 1.4 §4.6.1.2.3). */
export const mediumOkay = 0;
export const mediumWriteFault = 0x280;
export const mediumUnrecoveredRead = 0x281;

/** What a person can see of a medium; every field is counted by what happened. */
export interface MediumGauges {
	/** Nanoseconds, up to now, in which at least one operation was under way. */
	readonly busyNanoseconds: number;
	/** Operations started and not done. */
	readonly outstanding: number;
	/** Bytes in the volatile cache that are not on stable storage yet, and how many fit. */
	readonly dirtyBytes: number;
	readonly cacheBytes: number;
	readonly reads: number;
	readonly writes: number;
	readonly flushes: number;
	readonly sectorsRead: number;
	readonly sectorsWritten: number;
}

export interface Medium {
	/** Capacity in 512-byte sectors. */
	readonly sectors: number;
	/** In words, for Identify and the screen: `SSD, 8 channels`, `7200 rpm disk`. */
	readonly model: string;
	/** There is a volatile write cache at all. */
	readonly volatileCache: boolean;
	/** Writes may be acknowledged from the cache. Switching it off starts writing back what it holds. */
	cacheEnabled: boolean;

	/**
	Starts an operation on `sectors` 512-byte sectors from `sector` (both 0 for a flush). The caller has checked that they exist. `slot` is
	free until `done` or `cancel`. `done` may not be called from inside `start`: an operation takes an event, even if no time.
	*/
	start(operation: MediumOperation, sector: number, sectors: number, slot: number, forceUnitAccess: boolean): void;
	/** Set by the controller. Called from an engine event, once for each `start` that was not cancelled. */
	done: (slot: number, status: number) => void;
	/**
	Abort: true when the operation had not begun (or hangs through a fault) and is forgotten, its `done` never to come; false
	when it will finish by itself soon or is not known.
	*/
	cancel(slot: number): boolean;
	/** Reset of the controller: no `done` comes for anything started before, and all slots are free. Bytes written stay written. */
	cancelAll(): void;

	/** Copies `bytes` (a multiple of 512) from `sector` on into `target` at `offset`. 4096 bytes at a sector divisible by 8 are the fast path. */
	readBytes(sector: number, target: Buffer, offset: number, bytes: number): void;
	/** Copies `bytes` (a multiple of 512) of `source` at `offset` over the sectors from `sector` on: visible at once, stable later. */
	writeBytes(sector: number, source: Buffer, offset: number, bytes: number): void;

	/** The supply fails now: as `cancelAll`, and the cache is lost as described above. */
	losePower(): void;

	readonly gauges: MediumGauges;
}
