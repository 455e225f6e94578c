/**
The receive ring: a page of the driver's own behind each descriptor, and more to put in the place of those that are out with whoever
takes the frames. After the 8254x SDM §3.2 (legacy receive descriptors). Memory only: registers are the port's business.
*/
import {assert} from '../../engine/assert.js';
import type {DmaMemory, Kernel, Page} from '../kernel/kernel.js';
import {NetPacket} from '../kernel/net-device.js';
import * as e1000 from './e1000-registers.js';

const highUnit = 4_294_967_296;

export class E1000ReceiveRing {
	readonly memory: DmaMemory;
	/** Descriptors the device may fill. One stays unused: head == tail means that there is none. */
	posted = 0;
	/** Next descriptor to give the device (next_to_use), and the next it fills (next_to_clean). */
	next = 0;
	clean = 0;
	/** Buffers that are neither posted nor out. */
	free = 0;
	private readonly kernel: Kernel;
	private readonly done: (packet: NetPacket) => void;
	/** The buffers made so far, each one page; made when first needed, at most `limit`. */
	private readonly buffers: NetPacket[] = [];
	/** Page of each buffer and its address, in two words. */
	private readonly page: Int32Array;
	private readonly low: Int32Array;
	private readonly high: Int32Array;
	private readonly freeBuffers: Int32Array;
	/** The buffer behind each descriptor, -1 for none. */
	private readonly at: Int32Array;

	/** @param limit buffers at most. @param done a taker is done with a buffer; it is free again after `give`. */
	constructor(
		kernel: Kernel,
		readonly entries: number,
		readonly limit: number,
		done: (packet: NetPacket) => void,
	) {
		assert(limit >= entries, 'there is a buffer for each descriptor');
		this.kernel = kernel;
		this.done = done;
		this.memory = kernel.dmaMemory(entries * e1000.descriptorWords * 4);
		this.page = new Int32Array(limit);
		this.low = new Int32Array(limit);
		this.high = new Int32Array(limit);
		this.freeBuffers = new Int32Array(limit);
		this.at = new Int32Array(entries).fill(-1);
	}

	/** As after a reset of the device: nothing is posted; what is out stays out. */
	clear(): void {
		for (let entry = 0; entry < this.entries; entry++) {
			if (this.at[entry] >= 0) this.freeBuffers[this.free++] = this.at[entry];
			this.at[entry] = -1;
		}

		this.memory.words.fill(0);
		this.posted = 0;
		this.next = 0;
		this.clean = 0;
	}

	/** Descriptors that want a buffer. */
	get lacking(): number {
		return this.entries - 1 - this.posted;
	}

	/** Whether a buffer could be had for one. */
	get available(): boolean {
		return this.free > 0 || this.buffers.length < this.limit;
	}

	/** Puts a buffer behind the next descriptor. */
	post(): void {
		const buffer = this.free > 0 ? this.freeBuffers[--this.free] : this.make();
		const entry = this.next;
		const at = entry * e1000.descriptorWords;
		const {words} = this.memory;
		words[at] = this.low[buffer];
		words[at + 1] = this.high[buffer];
		words[at + 2] = 0;
		words[at + 3] = 0;
		this.at[entry] = buffer;
		this.next = entry + 1 === this.entries ? 0 : entry + 1;
		this.posted++;
	}

	/** The last word of the descriptor at `clean`: status and errors; 0 when the device has not written it back. */
	get status(): number {
		return this.posted === 0 ? 0 : this.memory.words[this.clean * e1000.descriptorWords + 3];
	}

	/** Bytes in the buffer at `clean`. */
	get length(): number {
		return this.memory.words[this.clean * e1000.descriptorWords + 2] & 0xffff;
	}

	get pending(): boolean {
		return (this.status & e1000.descriptorDone) !== 0;
	}

	/** Takes the buffer at `clean` out of the ring: whoever has it gives it back, or calls its `done`. */
	take(): NetPacket {
		const entry = this.clean;
		const packet = this.buffers[this.at[entry]];
		this.at[entry] = -1;
		this.clean = entry + 1 === this.entries ? 0 : entry + 1;
		this.posted--;
		return packet;
	}

	/** A buffer is free again, perhaps with another page. */
	give(packet: NetPacket): void {
		assert(this.free < this.buffers.length, 'a buffer comes back once');
		const {tag} = packet;
		if (packet.pages[0] !== this.page[tag]) this.address(tag, packet.pages[0]);
		this.freeBuffers[this.free++] = tag;
	}

	private make(): number {
		const buffer = this.buffers.length;
		const packet = new NetPacket(1, buffer, this.done);
		packet.pages[0] = this.kernel.page();
		packet.segments = 1;
		packet.exchangeable = true;
		this.address(buffer, packet.pages[0]);
		this.buffers.push(packet);
		return buffer;
	}

	private address(buffer: number, page: Page): void {
		const address = this.kernel.dmaAddress(page, 'fromDevice');
		this.page[buffer] = page;
		this.low[buffer] = address | 0;
		this.high[buffer] = Math.floor(address / highUnit);
	}
}
