/**
Who a ring slot's request is, for traces and for a person looking at the ring: a side table that both ends of a channel share, so
that the ABI's bytes carry nothing of ours. The frontend writes it as it fills a slot.
*/
export class RingIdentities {
	/** Identity (engine/trace.ts) of the request last put in each slot. */
	readonly slots: Int32Array;
	/** When it was put there, virtual nanoseconds. */
	readonly since: Float64Array;

	constructor(size = 32) {
		this.slots = new Int32Array(size);
		this.since = new Float64Array(size);
	}
}
