/**
Packets that the software offload makes: for each one a place for its headers in pages of the kernel's own, and beside it the payload where
it lies, in the pages of the packet it was cut from. What was cut is given back when the last of its segments is (Linux skb_segment).
*/
import {assert} from '../../engine/assert.js';
import type {Kernel} from '../kernel/kernel.js';
import {NetPacket, sent} from '../kernel/net-device.js';

/** Room for Ethernet, IPv4 and TCP with all their options: 14 + 60 + 60. */
export const headerRoom = 256;
const headersInPage = 4096 / headerRoom;

export class OffloadSegments {
	/** Made so far; made when first needed. */
	private readonly segments: NetPacket[] = [];
	private readonly free: Int32Array;
	private freeCount = 0;
	/** The whole that each segment belongs to, as the number of its first segment; and at that number the whole, what is still out, the worst status. */
	private readonly first: Int32Array;
	private readonly whole: (NetPacket | null)[];
	private readonly open: Int32Array;
	private readonly status: Int32Array;
	private readonly kernel: Kernel;
	private readonly mostSegments: number;
	private readonly returned: () => void;
	private readonly done: (packet: NetPacket, status: number) => void;

	/** @param limit segments at most. @param mostSegments pieces of one. @param returned one is free again; from within a step. */
	constructor(
		kernel: Kernel,
		readonly limit: number,
		mostSegments: number,
		returned: () => void,
	) {
		this.kernel = kernel;
		this.mostSegments = mostSegments;
		this.returned = returned;
		this.free = new Int32Array(limit);
		this.first = new Int32Array(limit);
		this.whole = new Array(limit).fill(null);
		this.open = new Int32Array(limit);
		this.status = new Int32Array(limit);
		this.done = (packet, status) => this.release(packet.tag, status);
	}

	get available(): boolean {
		return this.freeCount > 0 || this.segments.length < this.limit;
	}

	/**
	A segment of `whole`, its header's place in its first piece, nothing in it.
	@param first the whole's first segment; null when this is it. The whole stays open until `close`.
	*/
	take(whole: NetPacket, first: NetPacket | null): NetPacket {
		const number = this.freeCount > 0 ? this.free[--this.freeCount] : this.make();
		const segment = this.segments[number];
		if (first === null) {
			this.first[number] = number;
			this.whole[number] = whole;
			// One for the segment and one for whoever is still cutting.
			this.open[number] = 2;
			this.status[number] = sent;
		} else {
			this.first[number] = first.tag;
			this.open[first.tag]++;
		}

		segment.identity = whole.identity;
		segment.vcpu = whole.vcpu;
		return segment;
	}

	/** No more segments follow the first one's. */
	close(first: NetPacket): void {
		this.settle(first.tag);
	}

	private release(number: number, status: number): void {
		const first = this.first[number];
		if (status !== sent) this.status[first] = status;
		// The first segment keeps the account of the whole, so it stays taken until the last is done.
		if (number !== first) this.give(number);
		this.settle(first);
		this.returned();
	}

	private settle(first: number): void {
		if (--this.open[first] > 0) return;
		const whole = this.whole[first];
		assert(whole !== null, 'a packet that was cut ends once');
		this.whole[first] = null;
		this.give(first);
		whole.done(whole, this.status[first]);
	}

	private give(number: number): void {
		this.free[this.freeCount++] = number;
	}

	private make(): number {
		const number = this.segments.length;
		assert(number < this.limit, 'a segment is taken while one is available');
		const segment = new NetPacket(this.mostSegments, number, this.done);
		const place = number % headersInPage;
		segment.pages[0] = place === 0 ? this.kernel.page() : this.segments[number - place].pages[0];
		segment.offsets[0] = place * headerRoom;
		this.segments.push(segment);
		return number;
	}
}
