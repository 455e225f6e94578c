/**
Packets a bridge hands to several ports at once: one copy of the description for all of them, given back to its owner when the last taker is
done. The pages are nobody's to change meanwhile, so they are shared (Linux skb_clone).
*/
import {assert} from '../../engine/assert.js';
import {dropped, NetPacket, sent} from '../kernel/net-device.js';

/** Pieces of a packet at most: more than netback makes of a guest's 18 slots. */
export const mostSegments = 32;

export class BridgeCopies {
	private readonly copies: NetPacket[] = [];
	private readonly free: number[] = [];
	private readonly original: (NetPacket | null)[] = [];
	/** Takers that are not done yet, and whether any has sent it. */
	private readonly takers: number[] = [];
	private readonly sent: boolean[] = [];
	private readonly done: (packet: NetPacket, status: number) => void;

	/** @param limit packets shared at once, at most. */
	constructor(readonly limit: number) {
		this.done = (packet, status) => this.release(packet.tag, status);
	}

	/** A copy for takers yet to be counted, held by the caller; null when there are no more. */
	take(original: NetPacket): NetPacket | null {
		if (original.segments > mostSegments) return null;
		const number = this.free.pop() ?? this.make();
		if (number < 0) return null;
		const copy = this.copies[number];
		this.original[number] = original;
		this.takers[number] = 1;
		this.sent[number] = false;
		copy.segments = original.segments;
		for (let i = 0; i < original.segments; i++) {
			copy.pages[i] = original.pages[i];
			copy.offsets[i] = original.offsets[i];
			copy.lengths[i] = original.lengths[i];
		}

		copy.bytes = original.bytes;
		copy.checksum = original.checksum;
		copy.segmentSize = original.segmentSize;
		copy.identity = original.identity;
		copy.vcpu = original.vcpu;
		return copy;
	}

	/** One more taker owes a `done`. */
	share(copy: NetPacket): void {
		this.takers[copy.tag]++;
	}

	/** The copy of that number, shared now. */
	at(number: number): NetPacket {
		return this.copies[number];
	}

	/** Whoever took the copy has no more takers to count. */
	close(copy: NetPacket): void {
		this.settle(copy.tag);
	}

	private release(number: number, status: number): void {
		if (status === sent) this.sent[number] = true;
		this.settle(number);
	}

	private settle(number: number): void {
		if (--this.takers[number] > 0) return;
		const original = this.original[number];
		assert(original !== null, 'a shared packet ends once');
		this.original[number] = null;
		this.free.push(number);
		original.done(original, this.sent[number] ? sent : dropped);
	}

	private make(): number {
		const number = this.copies.length;
		if (number === this.limit) return -1;
		this.copies.push(new NetPacket(mostSegments, number, this.done));
		return number;
	}
}
