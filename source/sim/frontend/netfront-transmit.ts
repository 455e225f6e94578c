/**
netfront's way out: a packet's pages are granted read-only and described in one slot each, with an extra info behind the first when it
is to be segmented (Xen public/io/netif.h); responses are checked and give everything back. Behaviour after Linux's xen-netfront
(xennet_start_xmit, xennet_tx_buf_gc): the queue stops while a packet of the largest size might not fit, and a response that cannot be
true disables the device.
*/
import {assert} from '../../engine/assert.js';
import type {Occupancy} from '../../engine/occupancy.js';
import type {Step} from '../../engine/step.js';
import type {ChannelEnd} from '../channel/channel-end.js';
import * as netif from '../channel/netif.js';
import type {FrontRing} from '../channel/ring.js';
import type {Cost} from '../kernel/cost.js';
import type {GuestKernel} from '../kernel/kernel.js';
import {checksumBlank, checksumValidated, dropped, type NetPacket, packetError, sent} from '../kernel/net-device.js';
import type {VifFrontChannel} from './netfront-channel.js';
import {netfrontCosts} from './netfront-costs.js';
import type {NetfrontOptions} from './netfront-options.js';

const slotCount = netif.ringSlots;
/** Free slots below which the queue stops: the largest packet and its extra info. */
const slotReserve = netif.slotsMinimum + 1;

export class NetfrontTransmit implements ChannelEnd {
	looking = false;
	notifying = false;
	/** Packets and bytes handed to the backend. */
	packets = 0;
	bytes = 0;
	/** Packets that were answered with an error, and those that never reached the ring. */
	errors = 0;
	dropped = 0;
	/** Told how many slots are in use whenever that changes. For observers; changes nothing. */
	occupancy: Occupancy | null = null;

	/** By id, which is the request's id on the ring: its grant (-1: not on the ring) and the id of its packet's first slot. */
	private readonly references = new Int32Array(slotCount).fill(-1);
	private readonly firsts = new Uint8Array(slotCount);
	/** By the id of a packet's first slot: the packet, its slots not yet answered, its worst status. */
	private readonly taken: (NetPacket | null)[] = new Array(slotCount).fill(null);
	private readonly left = new Uint8Array(slotCount);
	private readonly statuses = new Int8Array(slotCount);
	private readonly freeIds = new Uint8Array(slotCount);
	private free = slotCount;
	/** Packets taken whose slots are not filled yet: a ring of its own, and the slots they will need. */
	private readonly asked: (NetPacket | null)[] = new Array(slotCount).fill(null);
	private askedHead = 0;
	private askedCount = 0;
	private reserved = 0;
	/** Requests published on this ring: our own count, whatever the page says. */
	private published = 0;
	private readonly refused: NetPacket[] = [];
	private readonly waiters: (() => void)[] = [];

	private readonly fill: Step;
	private readonly notify: Step;
	private readonly refuse: Step;
	private readonly clean: Step;
	private readonly arm: Step;
	private readonly recheck: Step;
	private readonly perSlot: number;
	private readonly perResponse: number;
	private readonly atTransmit: number;
	private readonly atRing: number;
	private readonly atDone: number;

	constructor(
		private readonly kernel: GuestKernel,
		private readonly options: NetfrontOptions,
		private readonly channel: VifFrontChannel,
		private readonly disable: (text: string) => void,
	) {
		const {name} = options;
		for (let i = 0; i < slotCount; i++) this.freeIds[i] = slotCount - 1 - i;
		const define = (what: string, cost: Cost, run: (argument: number) => void) =>
			kernel.define(`netfront ${name} ${what}`, cost, run);
		this.fill = define('transmit', netfrontCosts.transmit, () => this.fillSlots());
		this.notify = kernel.hypercall(`netfront ${name} notify transmit`, netfrontCosts.notify, () => {
			this.notifying = false;
			if (this.port >= 0) kernel.notify(this.port);
		});
		this.refuse = define('refuse', netfrontCosts.clean, () => {
			const packet = this.refused.shift();
			packet?.done(packet, dropped);
		});
		this.clean = define('clean', netfrontCosts.clean, (count) => this.takeResponses(count));
		this.arm = define('arm transmit', netfrontCosts.arm, () => this.armEvent());
		this.recheck = define('recheck transmit', netfrontCosts.recheck, () => this.checkAgain());
		this.perSlot = define('per slot', netfrontCosts.transmitSlot, () => {}).cost;
		this.perResponse = define('per response', netfrontCosts.cleanSlot, () => {}).cost;
		this.atTransmit = kernel.trace.point(`${options.channel} netfront`);
		this.atRing = kernel.trace.point(`${options.channel} transmit ring`);
		this.atDone = kernel.trace.point(`${options.channel} transmitted`);
	}

	get ring(): FrontRing | null {
		return this.channel.transmit.ring;
	}

	get port(): number {
		return this.channel.port;
	}

	get waiting(): number {
		const {ring} = this;
		return ring === null ? 0 : Math.min(ring.unconsumedResponses, ring.size);
	}

	/** The grant of the request of this id that is on the ring and whose answer has not been read; -1 when there is none. For observers. */
	referenceOf(id: number): number {
		return id < slotCount ? this.references[id] : -1;
	}

	/** Room for the largest packet? */
	get hasRoom(): boolean {
		const {ring} = this;
		return ring !== null && Math.min(ring.free, this.free) - this.reserved >= slotReserve;
	}

	/** Takes a packet; there is room, and it fits the device's limits. */
	take(packet: NetPacket): void {
		const {kernel} = this;
		const slots = packet.segments + (packet.segmentSize > 0 ? 1 : 0);
		assert(packet.segments >= 1 && packet.segments <= netif.slotsMinimum, 'a packet has 1 to 18 segments');
		assert(packet.bytes <= netif.maximumSize, 'a packet has at most 65535 bytes');
		this.reserved += slots;
		this.asked[(this.askedHead + this.askedCount++) & (slotCount - 1)] = packet;
		kernel.trace.hop(kernel.now(), packet.identity, this.atTransmit, slots);
		kernel.step(this.fill, 0, slots * this.perSlot);
	}

	/** Answers a packet that is not sent, in a step of its own. */
	drop(packet: NetPacket): void {
		this.dropped++;
		this.refused.push(packet);
		this.kernel.step(this.refuse);
	}

	whenRoom(wake: () => void): void {
		this.waiters.push(wake);
	}

	/** A new ring. */
	open(): void {
		this.published = 0;
		this.looking = false;
		this.notifying = false;
	}

	/** An event has come. */
	wakeUp(): void {
		if (this.looking || this.ring === null) return;
		this.looking = true;
		this.look();
	}

	/** Gives up every packet: those taken and not sent, and those the backend had not answered. Their grants end when they can. */
	release(): void {
		const {channel} = this;
		this.looking = false;
		this.notifying = false;
		this.reserved = 0;
		for (; this.askedCount > 0; this.askedCount--) {
			const packet = this.asked[this.askedHead];
			this.asked[this.askedHead] = null;
			this.askedHead = (this.askedHead + 1) & (slotCount - 1);
			if (packet !== null) this.drop(packet);
		}

		for (let id = 0; id < slotCount; id++) {
			if (this.references[id] < 0) continue;
			channel.endOrDefer(this.references[id], -1);
			this.references[id] = -1;
			if (this.firsts[id] !== id) this.freeIds[this.free++] = id;
		}

		for (let id = 0; id < slotCount; id++) {
			const packet = this.taken[id];
			if (packet === null) continue;
			this.taken[id] = null;
			this.freeIds[this.free++] = id;
			this.drop(packet);
		}

		if (this.occupancy !== null) this.occupancy.set(this.kernel.now(), 0);
	}

	/** Whoever waited for room is asked once; who is refused again queues again. */
	wake(): void {
		for (let count = this.waiters.length; count > 0; count--) this.waiters.shift()?.();
	}

	/** Fills one packet's slots; the last packet asked for also publishes. */
	private fillSlots(): void {
		const packet = this.asked[this.askedHead];
		const {ring} = this;
		if (packet === null || ring === null) return;
		this.asked[this.askedHead] = null;
		this.askedHead = (this.askedHead + 1) & (slotCount - 1);
		this.askedCount--;
		this.reserved -= packet.segments + (packet.segmentSize > 0 ? 1 : 0);
		if (this.grant(packet)) this.write(ring, packet);
		else this.drop(packet);
		if (this.askedCount === 0 && ring.requestProducer !== this.published) this.push(ring);
	}

	/** Grants every page under an id of its own, the ids then lie on top of the free ones in order. False when references have run out. */
	private grant(packet: NetPacket): boolean {
		const {kernel, channel} = this;
		const {segments, pages} = packet;
		for (let i = 0; i < segments; i++) {
			const reference = kernel.grant(channel.backend, pages[i], true);
			if (reference < 0) {
				for (let taken = 0; taken < i; taken++) {
					const id = this.freeIds[this.free - 1 - taken];
					kernel.endGrant(this.references[id]);
					this.references[id] = -1;
				}

				return false;
			}

			this.references[this.freeIds[this.free - 1 - i]] = reference;
		}

		return true;
	}

	private write(ring: FrontRing, packet: NetPacket): void {
		const {kernel, options} = this;
		const {segments, offsets, lengths, segmentSize} = packet;
		const {words} = ring;
		const first = this.freeIds[this.free - 1];
		const {slots, since} = options.transmitIdentities;
		const now = kernel.now();
		const firstSlot = ring.slot(ring.requestProducer);
		let sum = packet.checksum === checksumValidated ? netif.txDataValidated : 0;
		if (packet.checksum === checksumBlank) sum = netif.txChecksumBlank | netif.txDataValidated;
		for (let i = 0; i < segments; i++) {
			const id = this.freeIds[--this.free];
			this.firsts[id] = first;
			let flags = i + 1 < segments ? netif.txMoreData : 0;
			if (i === 0) flags |= sum | (segmentSize > 0 ? netif.txExtraInfo : 0);
			const slot = ring.slot(ring.requestProducer);
			slots[slot] = packet.identity;
			since[slot] = now;
			const entry = ring.nextRequest();
			const size = i === 0 ? packet.bytes : lengths[i];
			netif.writeTxRequest(words, entry, this.references[id], offsets[i], flags, id, size);
			options.hash?.words(words, entry, netif.txWords);
			if (i === 0 && segmentSize > 0) {
				const extraSlot = ring.slot(ring.requestProducer);
				slots[extraSlot] = packet.identity;
				since[extraSlot] = now;
				const extra = ring.nextRequest();
				netif.writeGso(words, extra, segmentSize, netif.gsoTcp4);
				options.hash?.words(words, extra, 2);
			}
		}

		this.taken[first] = packet;
		this.left[first] = segments;
		this.statuses[first] = sent;
		this.packets++;
		this.bytes += packet.bytes;
		if (this.occupancy !== null) this.occupancy.set(now, ring.outstanding);
		kernel.trace.hop(now, packet.identity, this.atRing, firstSlot);
	}

	private push(ring: FrontRing): void {
		this.published = ring.requestProducer;
		if (ring.pushRequests()) {
			this.notifying = true;
			this.kernel.step(this.notify);
		}
	}

	/** What next: to take the responses that are there, or to sleep. */
	private look(): void {
		const {ring} = this;
		if (ring === null) {
			this.looking = false;
			return;
		}

		const count = ring.unconsumedResponses;
		if (count === 0) {
			if (ring.responseEventArmed) this.looking = false;
			else this.kernel.step(this.arm);
		} else if (count > ring.outstanding) {
			this.disable(`Illegal number of responses ${count}`);
		} else {
			this.kernel.step(this.clean, count, count * this.perResponse);
		}
	}

	private takeResponses(count: number): void {
		const {ring} = this;
		for (let i = 0; i < count; i++) {
			if (ring === null || this.ring !== ring) {
				this.looking = false;
				return;
			}

			const response = ring.words[ring.nextResponse()];
			const status = netif.txResponseStatus(response);
			if (status === netif.responseNull) continue;
			const problem = this.settle(netif.txResponseId(response), status);
			if (problem !== '') {
				this.disable(problem);
				return;
			}
		}

		if (this.occupancy !== null && ring !== null) this.occupancy.set(this.kernel.now(), ring.outstanding);
		if (this.waiters.length > 0 && this.hasRoom) this.wake();
		this.look();
	}

	/** One slot is answered; with its last slot the packet is. Returns '' or why the response cannot be true. */
	private settle(id: number, status: number): string {
		const {kernel} = this;
		if (id >= slotCount) return `Response has incorrect id (${id})`;
		if (this.references[id] < 0) return 'Response for inactive request';
		if (!kernel.endGrant(this.references[id])) return 'Grant still in use by backend domain';
		this.references[id] = -1;
		const first = this.firsts[id];
		// The first slot's id stands for the packet: it stays taken as long as the packet is under way.
		if (id !== first) this.freeIds[this.free++] = id;
		if (status < 0) this.statuses[first] = status === netif.responseDropped ? dropped : packetError;
		if (--this.left[first] > 0) return '';
		const packet = this.taken[first];
		assert(packet !== null, 'a packet on the ring is answered once');
		this.taken[first] = null;
		this.freeIds[this.free++] = first;
		if (this.statuses[first] !== sent) this.errors++;
		kernel.trace.hop(kernel.now(), packet.identity, this.atDone, id);
		packet.done(packet, this.statuses[first]);
		return '';
	}

	private armEvent(): void {
		const {ring} = this;
		if (ring === null) {
			this.looking = false;
			return;
		}

		ring.armResponseEvent();
		// With no request out no response can come meanwhile; otherwise the final check closes the race.
		if (ring.outstanding === 0) this.looking = false;
		else this.kernel.step(this.recheck);
	}

	private checkAgain(): void {
		const {ring} = this;
		if (ring !== null && ring.unconsumedResponses > 0) this.look();
		else this.looking = false;
	}
}
