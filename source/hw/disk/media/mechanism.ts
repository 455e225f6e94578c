/**
What takes time in a medium: the dies and channels of an SSD, the arm and platters of a disk. A mechanism moves no bytes; it says
when a read's blocks have been fetched and when a block of the write cache has been programmed.
*/
export interface Mechanism {
	/** In words, for Identify and the screen. */
	readonly model: string;
	/** Set by the medium: a read is complete. `ticket` as given to `read`. */
	whenRead: (slot: number, ticket: number) => void;
	/** Set by the medium: programming of a cache entry begins; what is written from now on is a newer version. */
	whenProgramBegins: (entry: number) => void;
	/** Set by the medium: the cache entry's bytes are on stable storage. */
	whenProgrammed: (entry: number) => void;
	/** Asked before work for a queued read begins: false when nobody waits for it any more. */
	isWanted: (slot: number, ticket: number) => boolean;

	/** Fetches `blocks` blocks of 4 KiB from `block` on. `whenRead` comes from an event, never from inside. */
	read(block: number, blocks: number, slot: number, ticket: number): void;
	/** True when work for the read has begun. */
	hasBegun(slot: number): boolean;
	/** Programs one block. `urgent`: a flush or a write-through waits for programs; asked whenever there is a choice. */
	program(block: number, entry: number): void;
	urgent: boolean;
	/** Power fails: everything under way or queued is gone. */
	losePower(): void;

	/** Parts that work side by side, for the screen: `channel 3`, `arm`. */
	readonly parts: readonly MechanismPart[];
	/** Work queued or under way: fetches and programs. */
	readonly queued: number;
}

export interface MechanismPart {
	readonly name: string;
	/** Nanoseconds, up to now, in which the part was at work. */
	readonly busyNanoseconds: number;
	/** Work waiting for it. */
	readonly waiting: number;
}
