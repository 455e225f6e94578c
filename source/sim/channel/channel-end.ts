/**
What either end of a device channel says about itself to whoever checks that no channel is asleep: work on the ring, and nobody
who will look.
*/
export interface ChannelEnd {
	/** Entries published on the ring that this end has not taken. */
	readonly waiting: number;
	/** A step, task or timer of this end is pending that will look at the ring (or is waiting for something that wakes it). */
	readonly looking: boolean;
	/** This end has decided to notify the other and its hypercall is still to come. */
	readonly notifying: boolean;
	/** The local event channel port, -1 without one: pending there also means that this end will look. */
	readonly port: number;
}
