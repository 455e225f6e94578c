/**
What a bridge has learnt: behind which port each station lives (Linux net/bridge/br_fdb.c). An open-addressed table of bounded size in
typed arrays; an address is two integers, its first two bytes and its last four, so that looking one up allocates nothing.
*/
import {assert} from '../../engine/assert.js';

/** Nowhere: never heard of, or not for long. */
export const unknownPort = -1;

export class ForwardingTable {
	/** Entries, stale ones that have not been swept included. */
	size = 0;
	private readonly mask: number;
	private readonly high: Int32Array;
	private readonly low: Int32Array;
	/** `unknownPort` in an empty slot. */
	private readonly port: Int16Array;
	private readonly heard: Float64Array;

	/** @param limit entries at most. @param ageing how long an entry lives after its station was last heard, ns. */
	constructor(
		readonly limit: number,
		readonly ageing: number,
	) {
		assert(limit > 0 && limit <= 65_536, 'a forwarding table holds 1 to 65536 entries');
		let slots = 8;
		while (slots < limit * 4) slots *= 2;
		this.mask = slots - 1;
		this.high = new Int32Array(slots);
		this.low = new Int32Array(slots);
		this.port = new Int16Array(slots).fill(unknownPort);
		this.heard = new Float64Array(slots);
	}

	/** The station was heard from `port` at `now` ns. @returns false when it is new and the table is full: it is not learnt. */
	learn(high: number, low: number, port: number, now: number): boolean {
		const slot = this.slotOf(high, low);
		if (this.port[slot] === unknownPort) {
			if (this.size === this.limit) return false;
			this.size++;
			this.high[slot] = high;
			this.low[slot] = low;
		}

		this.port[slot] = port;
		this.heard[slot] = now;
		return true;
	}

	/** The port behind which the station lives, or `unknownPort`. */
	find(high: number, low: number, now: number): number {
		const slot = this.slotOf(high, low);
		return now - this.heard[slot] > this.ageing ? unknownPort : this.port[slot];
	}

	/** Everything learnt from `port`: it went down, or is gone. */
	forget(port: number): void {
		let slot = 0;
		while (slot <= this.mask) {
			if (this.port[slot] === port) this.remove(slot);
			else slot++;
		}
	}

	/** Sweeps out what is too old. @returns when the next entry will be, ns; -1 when none is left. */
	expire(now: number): number {
		let next = -1;
		let slot = 0;
		while (slot <= this.mask) {
			const expiry = this.heard[slot] + this.ageing;
			if (this.port[slot] === unknownPort) {
				slot++;
			} else if (expiry < now) {
				this.remove(slot);
			} else {
				if (next < 0 || expiry < next) next = expiry;
				slot++;
			}
		}

		return next;
	}

	/** Where the address is, or the empty slot where it would be. */
	private slotOf(high: number, low: number): number {
		let slot = this.home(high, low);
		while (this.port[slot] !== unknownPort && (this.low[slot] !== low || this.high[slot] !== high)) {
			slot = (slot + 1) & this.mask;
		}

		return slot;
	}

	private home(high: number, low: number): number {
		const mixed = Math.imul(low ^ Math.imul(high, 0x85eb_ca6b), 0x9e37_79b1);
		return ((mixed >>> 16) ^ mixed) & this.mask;
	}

	/** Empties a slot and moves back what was pushed beyond it, so that no search stops short. */
	private remove(slot: number): void {
		let hole = slot;
		let at = slot;
		this.size--;
		for (;;) {
			at = (at + 1) & this.mask;
			if (this.port[at] === unknownPort) break;
			const home = this.home(this.high[at], this.low[at]);
			if (((at - home) & this.mask) < ((at - hole) & this.mask)) continue;
			this.high[hole] = this.high[at];
			this.low[hole] = this.low[at];
			this.port[hole] = this.port[at];
			this.heard[hole] = this.heard[at];
			hole = at;
		}

		this.port[hole] = unknownPort;
	}
}
