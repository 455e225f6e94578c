/**
netback's pending packets: what a guest has sent and somebody still reads. Each holds the private copy of its slots, the handles of its
mapped grants, room for its header, and the packet that is handed on. Made when first needed and reused; nothing is made per packet.
*/
import {assert} from '../../engine/assert.js';
import type {GuestKernel, Page} from '../kernel/kernel.js';
import {NetPacket} from '../kernel/net-device.js';
import {netbackPending} from '../kernel/network-memory.js';
import {headerBytes, legacySlots, packetSegments} from './netback-options.js';

/** Packets one vif may have handed on and not got back. */
const mostPending = netbackPending;
const headersPerPage = 4096 / headerBytes;

export class PendingPacket {
	readonly packet: NetPacket;
	/** Slots in use: the first and those behind it, extra infos not counted. */
	slots = 0;
	/** Extra infos behind the first slot. */
	extras = 0;
	/** Flags of the first slot. */
	flags = 0;
	/** Of each slot: its id on the ring, grant, where its bytes are and how many; and the handle of its mapping, -1 without. */
	readonly ids = new Uint16Array(legacySlots + 1);
	readonly references = new Int32Array(legacySlots + 1);
	readonly offsets = new Int32Array(legacySlots + 1);
	readonly sizes = new Int32Array(legacySlots + 1);
	readonly handles = new Int32Array(legacySlots + 1).fill(-1);
	/** Slots mapped now. */
	mapped = 0;
	/** A grant could not be copied or mapped. */
	failed = false;

	constructor(
		readonly tag: number,
		readonly headerPage: Page,
		readonly headerOffset: number,
		done: (packet: NetPacket, status: number) => void,
	) {
		this.packet = new NetPacket(packetSegments, tag, done);
	}

	/** Bytes copied out of the guest: they end up in front of what is mapped. */
	get header(): number {
		return Math.min(this.packet.bytes, headerBytes);
	}

	/** Slots that the header lies in. */
	get headerSlots(): number {
		let left = this.header;
		let slots = 0;
		while (left > 0) left -= this.sizes[slots++];
		return slots;
	}

	/** Slots of which something is left beside the header. */
	get bodySlots(): number {
		let before = 0;
		let slots = 0;
		for (let i = 0; i < this.slots; i++) {
			before += this.sizes[i];
			if (before > this.header && this.sizes[i] > 0) slots++;
		}

		return slots;
	}
}

export class PendingPackets {
	/** By tag. */
	readonly all: PendingPacket[] = [];
	private readonly free: PendingPacket[] = [];
	private readonly headerPages: Page[] = [];

	constructor(
		private readonly kernel: GuestKernel,
		private readonly done: (packet: NetPacket, status: number) => void,
	) {}

	get inUse(): number {
		return this.all.length - this.free.length;
	}

	/** Null when too many are under way. */
	take(): PendingPacket | null {
		const free = this.free.pop();
		if (free !== undefined) return free;
		const tag = this.all.length;
		if (tag === mostPending) return null;
		const place = tag % headersPerPage;
		if (place === 0) this.headerPages.push(this.kernel.page());
		const page = this.headerPages[this.headerPages.length - 1];
		const made = new PendingPacket(tag, page, place * headerBytes, this.done);
		this.all.push(made);
		return made;
	}

	/** Gives the headers' pages back: nothing is under way. */
	clear(): void {
		assert(this.inUse === 0, 'nobody reads a header any more');
		for (const page of this.headerPages.splice(0)) this.kernel.releasePage(page);
		this.all.length = 0;
		this.free.length = 0;
	}

	release(pending: PendingPacket): void {
		assert(pending.mapped === 0 && this.inUse > 0, 'a pending packet is freed once, unmapped');
		this.free.push(pending);
	}
}
