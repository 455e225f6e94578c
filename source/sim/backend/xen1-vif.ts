/**
One virtual interface of Xen 1.0, its end in the hypervisor. Outward: the guest's hypercall has every descriptor checked, the page pinned and
34 bytes copied; the rest is sent out of the guest's page. Inward: a page that holds the packet changes owner with the one the guest
posted, by its page table entry; without a posted page the packet is dropped. After xen/net/dev.c. To whoever forwards it is a network device.
*/
import type {Step} from '../../engine/step.js';
import {frameBytes} from '../../hw/memory.js';
import type {FrameDirection, FrameTap} from '../../net/frame-tap.js';
import type {ChannelEnd} from '../channel/channel-end.js';
import type {RingOptions} from '../channel/ring.js';
import type {RingIdentities} from '../channel/ring-identities.js';
import * as vif1 from '../channel/vif1.js';
import {dropped, type NetDevice, type NetLimits, NetPacket, sent} from '../kernel/net-device.js';
import type {SharedPage, XenKernel} from '../kernel/xen-kernel.js';
import {showPacket} from './netback-tap.js';
import {vif1BackCosts} from './xen1-vif-costs.js';
import {PostedPages} from './xen1-vif-posted.js';

export interface Xen1VifBackendOptions extends RingOptions {
	readonly domid: number;
	/** For traces and messages: `web:0`. */
	readonly channel: string;
	/** Which of the domain's interfaces, 0 to 7: whose indices in shared_info. */
	readonly vif: number;
	readonly mac: Uint8Array;
	/** Words of the domain's shared_info. */
	readonly info: Int32Array;
	readonly transmitIdentities: RingIdentities;
	readonly receiveIdentities: RingIdentities;
	/** Where packets can be watched, as the guest has them. */
	readonly tap?: FrameTap;
}

/** Headers of 34 bytes lie 64 bytes apart in pages of Xen's own. */
const headerRoom = 64;
const headersOfPage = frameBytes / headerRoom;
/** Where a copied packet begins in its page. */
const copyOffset = 16;
/** The offset of a packet in its page has one byte. */
const offsetLimit = 256;
const copyUnit = 256;

export class Xen1VifBackend implements NetDevice {
	readonly name: string;
	readonly mac: Uint8Array;
	readonly limits: NetLimits = {frame: vif1.maximumBytes, segments: 32, checksumOffload: false, segmentation: 0};
	receiver: (packet: NetPacket) => void = (packet) => packet.done(packet, dropped);
	onCarrier: (up: boolean) => void = () => {};
	/** On the list of those that have packets to send. */
	queued = false;
	/** Responses are out whose event is still to come. */
	notifying = false;
	/** Packets and bytes from the guest and to it; those dropped on either way; descriptors that could not be. */
	sentPackets = 0;
	sentBytes = 0;
	sentDropped = 0;
	receivedPackets = 0;
	receivedBytes = 0;
	receivedDropped = 0;
	refused = 0;
	/** Responses put on both rings, and events sent for them. */
	responses = 0;
	events = 0;
	/** Packets that reached the guest without a copy. */
	flipped = 0;
	/** This end of each ring, for whoever checks that none is asleep. Nothing ever waits for the guest: it is dropped. */
	readonly transmitEnd: ChannelEnd = this.end(() => this.transmitRing.unconsumedRequests);
	readonly receiveEnd: ChannelEnd = this.end(() => 0);
	readonly transmitRing: vif1.VifBackRing;
	readonly receiveRing: vif1.VifBackRing;
	readonly posted: PostedPages;
	private attached = true;
	/** By slot: a packet on its way out, with the id and frame it had; the slots free, and those to be sent, first come first served. */
	private readonly packets: NetPacket[] = [];
	private readonly ids = new Uint16Array(vif1.ringSlots);
	private readonly frames = new Int32Array(vif1.ringSlots);
	private readonly statuses = new Int32Array(vif1.ringSlots);
	private readonly free = Int32Array.from({length: vif1.ringSlots}, (_, slot) => vif1.ringSlots - 1 - slot);
	private freeCount: number = vif1.ringSlots;
	private readonly queue = new Int32Array(vif1.ringSlots);
	private head = 0;
	private queuedCount = 0;
	/** By slot of a posted page: the packet that is to arrive there. */
	private readonly arriving: (NetPacket | null)[] = new Array(vif1.ringSlots).fill(null);
	private readonly complete: Step;
	private readonly copy: Step;
	private readonly flip: Step;
	private readonly perCopy: number;
	private readonly scrub: number;
	private readonly atTaken: number;
	private readonly atSent: number;
	private readonly atDelivered: number;

	/** @param tell asked when the guest wants to hear of responses. */
	constructor(
		private readonly kernel: XenKernel,
		/** The rings' page. */
		readonly page: SharedPage,
		private readonly options: Xen1VifBackendOptions,
		private readonly tell: () => void,
	) {
		const {channel, vif, info} = options;
		this.name = `vif ${channel}`;
		this.mac = options.mac;
		this.transmitRing = new vif1.VifBackRing(page.words, info, vif, 'transmit', options);
		this.receiveRing = new vif1.VifBackRing(page.words, info, vif, 'receive', options);
		this.posted = new PostedPages(kernel, options.domid);
		this.complete = kernel.define(`${this.name} complete`, vif1BackCosts.complete, (slot) => this.sent(slot));
		this.copy = kernel.define(`${this.name} copy`, vif1BackCosts.flip, (slot) => this.deliver(slot, false));
		this.flip = kernel.define(`${this.name} flip`, vif1BackCosts.flip, (slot) => this.deliver(slot, true));
		this.perCopy = kernel.define(`${this.name} per 256 bytes`, vif1BackCosts.copy, () => {}).cost;
		this.scrub = kernel.define(`${this.name} scrub`, vif1BackCosts.scrub, () => {}).cost;
		this.atTaken = kernel.trace.point(`${channel} Xen`);
		this.atSent = kernel.trace.point(`${channel} out`);
		this.atDelivered = kernel.trace.point(`${channel} delivered`);
	}

	get carrier(): boolean {
		return this.attached;
	}

	/** Packets taken from the guest and not yet sent on. */
	get waiting(): number {
		return this.queuedCount;
	}

	/** net_update, in the guest's hypercall: takes what it has put on both rings. */
	update(): void {
		if (!this.attached) return;
		const {transmitRing: out, receiveRing: back} = this;
		while (out.hasRequest) {
			const slot = out.requestConsumer;
			const entry = out.nextRequest();
			this.takePacket(out.words[entry], out.words[entry + 1] >>> 0, slot);
		}

		while (back.hasRequest) {
			const entry = back.nextRequest();
			const id = vif1.idOf(back.words[entry]);
			if (this.posted.post(id, back.words[entry + 1] >>> 0)) continue;
			this.refused++;
			this.respondReceive(id, 0, vif1.statusBadPage, 0, 0);
		}
	}

	/** Sends the next packet the guest has asked for. The caller is inside a step of Xen's, and asks only while there is one. */
	sendNext(): void {
		const slot = this.queue[this.head];
		this.head = (this.head + 1) % vif1.ringSlots;
		this.queuedCount--;
		this.receiver(this.packets[slot]);
	}

	/** The guest is gone, or its interface. What is on its way out goes on; what was posted is given back. */
	detach(): void {
		this.attached = false;
		this.onCarrier(false);
		this.posted.clear();
		for (; this.queuedCount > 0; this.queuedCount--) {
			this.release(this.queue[this.head]);
			this.head = (this.head + 1) % vif1.ringSlots;
		}
	}

	/** A packet for the guest. Never full: without a posted page it is dropped. */
	transmit(packet: NetPacket): boolean {
		const slot = this.attached && packet.bytes <= vif1.maximumBytes ? this.posted.take() : -1;
		if (slot < 0) {
			this.receivedDropped++;
			packet.done(packet, dropped);
			return true;
		}

		this.arriving[slot] = packet;
		if (packet.exchangeable && packet.segments === 1 && packet.offsets[0] < offsetLimit) {
			this.kernel.step(this.flip, slot, this.scrub);
		} else {
			this.kernel.step(this.copy, slot, Math.ceil(packet.bytes / copyUnit) * this.perCopy);
		}

		return true;
	}

	whenRoom(wake: () => void): void {
		wake();
	}

	private end(waiting: () => number): ChannelEnd {
		const notifying = () => this.notifying;
		return {
			get waiting() {
				return waiting();
			},
			looking: false,
			get notifying() {
				return notifying();
			},
			port: -1,
		};
	}

	/** One transmit descriptor: checked, its page pinned, its headers copied; or answered at once. */
	private takePacket(first: number, address: number, ringSlot: number): void {
		const {kernel, options} = this;
		const size = vif1.sizeOf(first);
		const id = vif1.idOf(first);
		const offset = address % frameBytes;
		const frame = Math.floor(address / frameBytes);
		const possible = size >= vif1.headerBytes && size <= vif1.maximumBytes && offset + size <= frameBytes;
		if (!possible || !kernel.pin(options.domid, frame, false)) {
			this.refused++;
			this.respondTransmit(id, vif1.statusBadPage);
			return;
		}

		const slot = this.free[--this.freeCount];
		while (this.packets.length <= slot) this.packets.push(this.makePacket(this.packets.length));
		this.ids[slot] = id;
		this.frames[slot] = frame;
		const packet = this.packets[slot];
		const headers = kernel.bytes(packet.pages[0]);
		kernel.bytes(frame).copy(headers, packet.offsets[0], offset, offset + vif1.headerBytes);
		packet.pages[1] = frame;
		packet.offsets[1] = offset + vif1.headerBytes;
		packet.lengths[1] = size - vif1.headerBytes;
		packet.segments = size > vif1.headerBytes ? 2 : 1;
		packet.bytes = size;
		packet.identity = options.transmitIdentities.slots[ringSlot];
		kernel.trace.hop(kernel.now(), packet.identity, this.atTaken, ringSlot);
		this.show(packet, 'outbound');
		this.queue[(this.head + this.queuedCount++) % vif1.ringSlots] = slot;
	}

	private makePacket(slot: number): NetPacket {
		const packet = new NetPacket(2, slot, (done, status) => {
			this.statuses[slot] = status;
			this.kernel.step(this.complete, done.tag);
		});
		packet.pages[0] = slot % headersOfPage === 0 ? this.kernel.page() : this.packets[slot - 1].pages[0];
		packet.offsets[0] = (slot % headersOfPage) * headerRoom;
		packet.lengths[0] = vif1.headerBytes;
		return packet;
	}

	/** Whoever sent the packet on is done with its page. */
	private sent(slot: number): void {
		const {kernel} = this;
		const {bytes, identity} = this.packets[slot];
		const okay = this.statuses[slot] === sent;
		if (okay) {
			this.sentPackets++;
			this.sentBytes += bytes;
		} else {
			this.sentDropped++;
		}

		kernel.trace.hop(kernel.now(), identity, this.atSent, slot);
		const id = this.ids[slot];
		this.release(slot);
		if (this.attached) this.respondTransmit(id, okay ? vif1.statusOkay : vif1.statusDropped);
	}

	private release(slot: number): void {
		this.kernel.unpin(this.frames[slot], false);
		this.free[this.freeCount++] = slot;
	}

	/** The packet's page, or one with a copy of it, becomes the guest's; the page it posted becomes Xen's. */
	private deliver(slot: number, whole: boolean): void {
		const {kernel, posted} = this;
		const packet = this.arriving[slot];
		if (packet === null) return;
		this.arriving[slot] = null;
		const id = posted.ids[slot];
		const theirs = this.attached ? posted.claim(slot) : posted.abandon(slot);
		if (theirs < 0) {
			this.receivedDropped++;
			if (this.attached) this.respondReceive(id, 0, vif1.statusBadPage, 0, packet.identity);
			packet.done(packet, dropped);
			return;
		}

		this.show(packet, 'inbound');
		const own = whole ? packet.pages[0] : kernel.page();
		const offset = whole ? packet.offsets[0] : copyOffset;
		if (!whole) gather(kernel, packet, kernel.bytes(own));
		kernel.flip(own, theirs);
		posted.enter(slot, own);
		if (whole) {
			kernel.words(theirs).fill(0);
			packet.pages[0] = theirs;
			this.flipped++;
		} else {
			kernel.releasePage(theirs);
		}

		this.receivedPackets++;
		this.receivedBytes += packet.bytes;
		kernel.trace.hop(kernel.now(), packet.identity, this.atDelivered, slot);
		this.respondReceive(id, packet.bytes, vif1.statusOkay, offset, packet.identity);
		packet.done(packet, sent);
	}

	private show(packet: NetPacket, direction: FrameDirection): void {
		const onFrame = this.options.tap?.onFrame ?? null;
		if (onFrame !== null) showPacket(onFrame, this.kernel, packet, direction);
	}

	private respondTransmit(id: number, status: number): void {
		const {transmitRing: ring, options} = this;
		const entry = ring.nextResponse();
		vif1.writeTxResponse(ring.words, entry, id, status);
		options.hash?.words(ring.words, entry, 1);
		this.responses++;
		if (ring.publishResponse()) this.tell();
	}

	private respondReceive(id: number, size: number, status: number, offset: number, identity: number): void {
		const {receiveRing: ring, options} = this;
		options.receiveIdentities.slots[ring.responseProducer] = identity;
		const entry = ring.nextResponse();
		vif1.writeRxResponse(ring.words, entry, id, size, status, offset);
		options.hash?.words(ring.words, entry, 2);
		this.responses++;
		if (ring.publishResponse()) this.tell();
	}
}

/** Copies a packet's pieces one behind the other. */
function gather(kernel: XenKernel, packet: NetPacket, into: Buffer): void {
	let at = copyOffset;
	for (let i = 0; i < packet.segments; i++) {
		const from = packet.offsets[i];
		kernel.bytes(packet.pages[i]).copy(into, at, from, from + packet.lengths[i]);
		at += packet.lengths[i];
	}
}
