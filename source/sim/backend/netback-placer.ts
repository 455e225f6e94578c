/**
Where the bytes of packets go in a guest's posted pages: each page is filled before the next is begun, so a packet takes one slot for every
4096 bytes, and one more for the extra info behind its first slot when it is to be segmented (Linux's xen-netback, rx.c: xenvif_rx_data_slot).
Collects the copies of several packets and the responses to their slots.
*/
import {assert} from '../../engine/assert.js';
import type {StateHash} from '../../engine/state-hash.js';
import * as netif from '../channel/netif.js';
import type {BackRing} from '../channel/ring.js';
import type {GuestKernel} from '../kernel/kernel.js';
import {checksumBlank, checksumValidated, type NetPacket} from '../kernel/net-device.js';

const pageBytes = 4096;
/** COPY_BATCH_SIZE: operations of one GNTTABOP_copy. */
const copyBatch = 64;
const slotCount = netif.ringSlots;
/** Operations listed at once: more are begun only while there is room for the largest packet. */
const mostCopies = 256;
const mostPackets = 64;
/** Copies of the largest packet: each of its segments and each page it fills may cut one. */
const largest = 64;

export class PacketPlacer {
	/** Packets and slots collected. */
	packets = 0;
	slots = 0;
	/** Bytes that the batch under way copies. */
	batchBytes = 0;
	private readonly placed: (NetPacket | null)[] = new Array(mostPackets).fill(null);
	/** By copy: source page and offset, bytes, target grant and offset, and the collected slot it belongs to. */
	private readonly pages = new Int32Array(mostCopies);
	private readonly offsets = new Int32Array(mostCopies);
	private readonly bytes = new Int32Array(mostCopies);
	private readonly references = new Int32Array(mostCopies);
	private readonly targets = new Int32Array(mostCopies);
	private readonly slotOf = new Int32Array(mostCopies);
	private copies = 0;
	private copied = 0;
	private batch = 0;
	/** By collected slot: id of its request, flags and status of its response; a segment size makes it an extra info. */
	private readonly ids = new Int32Array(slotCount);
	private readonly flags = new Int32Array(slotCount);
	private readonly statuses = new Int32Array(slotCount);
	private readonly segmentSizes = new Int32Array(slotCount);
	/** The request just taken. */
	private reference = 0;

	constructor(
		private readonly kernel: GuestKernel,
		private readonly frontend: number,
	) {}

	/** No room for another packet of any size. */
	get full(): boolean {
		return this.copies + largest > mostCopies || this.packets === mostPackets;
	}

	/** Slots a packet takes. */
	slotsFor(packet: NetPacket): number {
		return ((packet.bytes + pageBytes - 1) >> 12) + (packet.segmentSize > 0 ? 1 : 0);
	}

	packet(index: number): NetPacket {
		const packet = this.placed[index];
		assert(packet !== null, 'a packet was placed');
		return packet;
	}

	/** Takes the packet's requests and lists its copies and responses. There are as many requests as `slotsFor` says. */
	place(ring: BackRing, packet: NetPacket): void {
		this.placed[this.packets++] = packet;
		const {segments, pages, offsets, lengths, segmentSize} = packet;
		let sum = 0;
		if (packet.checksum === checksumBlank) sum = netif.rxChecksumBlank | netif.rxDataValidated;
		else if (packet.checksum === checksumValidated) sum = netif.rxDataValidated;
		let slot = this.takeRequest(ring, sum | (segmentSize > 0 ? netif.rxExtraInfo : 0));
		const first = slot;
		let filled = 0;
		for (let i = 0; i < segments; i++) {
			let offset = offsets[i];
			let left = lengths[i];
			while (left > 0) {
				if (filled === pageBytes) {
					this.flags[slot] |= netif.rxMoreData;
					if (slot === first && segmentSize > 0) this.takeExtra(ring, segmentSize);
					slot = this.takeRequest(ring, 0);
					filled = 0;
				}

				const bytes = Math.min(left, pageBytes - filled);
				this.list(pages[i], offset, bytes, filled, slot);
				filled += bytes;
				offset += bytes;
				left -= bytes;
				this.statuses[slot] = filled;
			}
		}

		if (slot === first && segmentSize > 0) this.takeExtra(ring, segmentSize);
	}

	/** Begins the next hypercall's operations. Returns how many it has, 0 when all are done. */
	nextBatch(): number {
		this.batch = Math.min(this.copies - this.copied, copyBatch);
		this.batchBytes = 0;
		for (let i = this.copied; i < this.copied + this.batch; i++) this.batchBytes += this.bytes[i];
		return this.batch;
	}

	/** Performs them. In a hypercall step. Returns how many failed; a slot's response then carries the status. */
	copy(): number {
		const end = this.copied + this.batch;
		let failed = 0;
		for (let i = this.copied; i < end; i++) {
			const status = this.kernel.copyGrant(
				this.frontend,
				this.references[i],
				this.targets[i],
				this.pages[i],
				this.offsets[i],
				this.bytes[i],
				true,
			);
			if (status === 0) continue;
			failed++;
			this.statuses[this.slotOf[i]] = status;
		}

		this.copied = end;
		return failed;
	}

	/** Writes the responses, each in the slot of its request. */
	respond(ring: BackRing, hash: StateHash | undefined): void {
		for (let i = 0; i < this.slots; i++) {
			const entry = ring.nextResponse();
			if (this.segmentSizes[i] > 0) netif.writeGso(ring.words, entry, this.segmentSizes[i], netif.gsoTcp4);
			else netif.writeRxResponse(ring.words, entry, this.ids[i], 0, this.flags[i], this.statuses[i]);
			hash?.words(ring.words, entry, 2);
		}
	}

	clear(): void {
		for (let i = 0; i < this.packets; i++) this.placed[i] = null;
		this.packets = 0;
		this.slots = 0;
		this.copies = 0;
		this.copied = 0;
	}

	/** Copies the next request out of the page, each word once. Returns the collected slot's number. */
	private takeRequest(ring: BackRing, flags: number): number {
		const entry = ring.nextRequest();
		const slot = this.slots++;
		this.ids[slot] = netif.rxRequestId(ring.words[entry]);
		this.reference = ring.words[entry + 1] >>> 0;
		this.flags[slot] = flags;
		this.statuses[slot] = 0;
		this.segmentSizes[slot] = 0;
		return slot;
	}

	private takeExtra(ring: BackRing, segmentSize: number): void {
		this.segmentSizes[this.takeRequest(ring, 0)] = segmentSize;
	}

	private list(page: number, offset: number, bytes: number, target: number, slot: number): void {
		const at = this.copies++;
		this.pages[at] = page;
		this.offsets[at] = offset;
		this.bytes[at] = bytes;
		this.references[at] = this.reference;
		this.targets[at] = target;
		this.slotOf[at] = slot;
	}
}
