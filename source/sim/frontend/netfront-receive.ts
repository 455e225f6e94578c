/**
netfront's way in: pages of the guest's own are granted and posted, one a slot; the backend copies packets into them and answers in the
same slots (Xen public/io/netif.h). Behaviour after Linux's xen-netfront (xennet_alloc_rx_buffers, xennet_get_responses,
xennet_get_extras): a packet that makes no sense is dropped and its buffers are posted again; a count of responses or a grant that cannot
be true disables the device.
*/
import type {Occupancy} from '../../engine/occupancy.js';
import type {Step} from '../../engine/step.js';
import type {ChannelEnd} from '../channel/channel-end.js';
import * as netif from '../channel/netif.js';
import type {FrontRing} from '../channel/ring.js';
import type {Cost} from '../kernel/cost.js';
import type {GuestKernel, Page} from '../kernel/kernel.js';
import {checksumBlank, checksumPresent, checksumValidated, NetPacket} from '../kernel/net-device.js';
import {netfrontReceivePages} from '../kernel/network-memory.js';
import type {VifFrontChannel} from './netfront-channel.js';
import {netfrontCosts} from './netfront-costs.js';
import type {NetfrontOptions} from './netfront-options.js';

const slotCount = netif.ringSlots;
const pageBytes = 4096;
/** Pages one interface may hold: those posted, and as many with whoever reads what came. */
const mostPages = netfrontReceivePages;
/** Nanoseconds until posting is tried again when no grant reference was free. */
const refillRetry = 100_000_000;
/** The headers of a packet, which its first segment must hold whole. */
const headerBytes = 14;

export class NetfrontReceive implements ChannelEnd {
	looking = false;
	notifying = false;
	/** Packets and bytes handed up. */
	packets = 0;
	bytes = 0;
	/** Packets that made no sense. */
	errors = 0;
	/** Told how many buffers are posted whenever that changes. For observers; changes nothing. */
	occupancy: Occupancy | null = null;
	/** Takes what has come. */
	receiver: (packet: NetPacket) => void = (packet) => packet.done(packet, 0);
	posting: boolean;

	/** By slot: the buffer posted there and its grant; -1 where none is. */
	private readonly pages = new Int32Array(slotCount).fill(-1);
	private readonly references = new Int32Array(slotCount).fill(-1);
	private readonly freePages = new Int32Array(mostPages);
	private free = 0;
	/** Pages held, wherever they are. */
	private held = 0;
	/** No page was left to post. */
	private starved = false;
	private readonly pool: NetPacket[] = [];
	private made = 0;
	/** Requests published on this ring: our own count, whatever the page says. */
	private published = 0;
	/** Of the packet being taken. */
	private segmentSize = 0;

	private readonly poll: Step;
	private readonly post: Step;
	private readonly refillStep: Step;
	private readonly notify: Step;
	private readonly arm: Step;
	private readonly recheck: Step;
	private readonly perSlot: number;
	private readonly perPost: number;
	private readonly atReceived: number;
	private readonly done = (packet: NetPacket) => this.giveBack(packet);

	constructor(
		private readonly kernel: GuestKernel,
		private readonly options: NetfrontOptions,
		private readonly channel: VifFrontChannel,
		private readonly disable: (text: string) => void,
	) {
		const {name} = options;
		this.posting = options.postReceive !== false;
		const define = (what: string, cost: Cost, run: (argument: number) => void) =>
			kernel.define(`netfront ${name} ${what}`, cost, run);
		this.poll = define('poll', netfrontCosts.poll, (count) => this.takeResponses(count));
		this.post = define('post', netfrontCosts.post, (count) => this.postBuffers(count));
		this.refillStep = define('refill', netfrontCosts.post, () => this.refill());
		this.notify = kernel.hypercall(`netfront ${name} notify receive`, netfrontCosts.notify, () => {
			this.notifying = false;
			if (this.port >= 0) kernel.notify(this.port);
		});
		this.arm = define('arm receive', netfrontCosts.arm, () => this.armEvent());
		this.recheck = define('recheck receive', netfrontCosts.recheck, () => this.checkAgain());
		this.perSlot = define('per response received', netfrontCosts.pollSlot, () => {}).cost;
		this.perPost = define('per buffer', netfrontCosts.postSlot, () => {}).cost;
		this.atReceived = kernel.trace.point(`${options.channel} received`);
	}

	get ring(): FrontRing | null {
		return this.channel.receive.ring;
	}

	get port(): number {
		return this.channel.port;
	}

	get waiting(): number {
		const {ring} = this;
		return ring === null ? 0 : Math.min(ring.unconsumedResponses, ring.size);
	}

	/** Buffers on the ring. */
	get posted(): number {
		return this.ring?.outstanding ?? 0;
	}

	/** A new ring: all its slots get buffers. */
	open(): void {
		this.published = 0;
		this.looking = false;
		this.notifying = false;
		this.refill();
	}

	/** An event has come. */
	wakeUp(): void {
		if (this.looking || this.ring === null) return;
		this.looking = true;
		this.look();
	}

	/** Posts as many buffers as there are slots and pages for. */
	refill(): void {
		const {ring} = this;
		if (ring === null || !this.posting) return;
		const wanted = ring.free;
		const count = Math.min(wanted, this.free + mostPages - this.held);
		this.starved = count < wanted;
		if (count > 0) this.kernel.step(this.post, count, count * this.perPost);
	}

	/** Takes every buffer back; the pages of packets that are still being read follow. */
	release(): void {
		const {kernel, channel} = this;
		this.looking = false;
		this.notifying = false;
		for (let slot = 0; slot < slotCount; slot++) {
			if (this.references[slot] < 0) continue;
			channel.endOrDefer(this.references[slot], this.pages[slot]);
			this.references[slot] = -1;
			this.held--;
		}

		for (; this.free > 0; this.held--) kernel.releasePage(this.freePages[--this.free]);
		if (this.occupancy !== null) this.occupancy.set(kernel.now(), 0);
	}

	private postBuffers(count: number): void {
		const {ring, kernel, channel, options} = this;
		if (ring === null) return;
		for (let i = 0; i < count && !ring.full; i++) {
			const page = this.page();
			if (page < 0) break;
			const reference = kernel.grant(channel.backend, page, false);
			if (reference < 0) {
				this.freePages[this.free++] = page;
				kernel.timer(refillRetry, this.refillStep);
				break;
			}

			const slot = ring.slot(ring.requestProducer);
			const entry = ring.nextRequest();
			this.pages[slot] = page;
			this.references[slot] = reference;
			netif.writeRxRequest(ring.words, entry, slot, reference);
			options.hash?.words(ring.words, entry, 2);
		}

		if (this.occupancy !== null) this.occupancy.set(kernel.now(), ring.outstanding);
		if (this.published === ring.requestProducer) return;
		this.published = ring.requestProducer;
		if (ring.pushRequests()) {
			this.notifying = true;
			kernel.step(this.notify);
		}
	}

	/** A page to post: one that came back, or a new one; -1 when as many are held as may be. */
	private page(): Page {
		if (this.free > 0) return this.freePages[--this.free];
		if (this.held === mostPages) return -1;
		this.held++;
		return this.kernel.page();
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
			this.kernel.step(this.poll, count, count * this.perSlot);
		}
	}

	/** Takes whole packets until `count` slots are taken. */
	private takeResponses(count: number): void {
		const {ring} = this;
		if (ring === null) {
			this.looking = false;
			return;
		}

		const end = (ring.responseConsumer + count) | 0;
		while (((end - ring.responseConsumer) | 0) > 0) {
			if (!this.takePacket(ring)) return;
			if (this.ring !== ring) {
				this.looking = false;
				return;
			}
		}

		if (this.occupancy !== null) this.occupancy.set(this.kernel.now(), ring.outstanding);
		this.refill();
		this.look();
	}

	/** Takes one packet's slots and hands it up, or drops it. False when the device had to be disabled. */
	private takePacket(ring: FrontRing): boolean {
		const {words} = ring;
		const packet = this.pool.pop() ?? new NetPacket(netif.slotsMinimum, this.made++, this.done);
		const firstSlot = ring.slot(ring.responseConsumer);
		packet.segments = 0;
		packet.bytes = 0;
		this.segmentSize = 0;
		let problem = '';
		let sum = 0;
		for (let slots = 0; ; slots++) {
			if (ring.unconsumedResponses === 0) {
				problem = 'Need more slots';
				break;
			}

			const slot = ring.slot(ring.responseConsumer);
			const entry = ring.nextResponse();
			// Each word is read once.
			const first = words[entry];
			const second = words[entry + 1];
			const flags = netif.rxResponseFlags(second);
			if (slots === 0) {
				sum = flags;
				if ((flags & netif.rxExtraInfo) !== 0) problem = this.takeExtras(ring);
			}

			const offset = netif.rxResponseOffset(first);
			const status = netif.rxResponseStatus(second);
			if (this.references[slot] < 0) problem = `Bad rx response id ${netif.rxResponseId(first)}`;
			else if (!this.kernel.endGrant(this.references[slot])) {
				this.recycle(packet);
				this.disable('Grant still in use by backend domain');
				return false;
			} else {
				this.references[slot] = -1;
				const page = this.pages[slot];
				if (status < 0 || offset + status > pageBytes) problem = `rx->offset: ${offset}, size: ${status}`;
				else if (packet.segments === netif.slotsMinimum) problem = 'Too many slots';
				if (problem === '') this.append(packet, page, offset, status);
				else this.freePages[this.free++] = page;
			}

			if ((flags & netif.rxMoreData) === 0) break;
		}

		if (problem === '' && packet.lengths[0] < headerBytes) problem = 'the first segment is too short';
		if (problem === '') this.deliver(packet, sum, firstSlot);
		else {
			this.errors++;
			this.kernel.log('debug', `${this.options.name}: ${problem}`);
			this.recycle(packet);
		}

		return true;
	}

	/** The slots behind a first one that carry extra infos; their buffers are free again. Returns '' or what is wrong with them. */
	private takeExtras(ring: FrontRing): string {
		let problem = '';
		for (;;) {
			if (ring.unconsumedResponses === 0) return 'Missing extra info';
			const slot = ring.slot(ring.responseConsumer);
			const entry = ring.nextResponse();
			const first = ring.words[entry];
			const second = ring.words[entry + 1];
			if (this.references[slot] >= 0) {
				this.takeBack(slot);
			}

			const type = first & 0xff;
			if (type === 0 || type >= netif.extraTypes) problem = `Invalid extra type: ${type}`;
			else if (type === netif.extraGso) {
				this.segmentSize = first >>> 16;
				const kind = second & 0xff;
				if (this.segmentSize === 0) problem = 'GSO size must not be zero';
				else if (kind !== netif.gsoTcp4) problem = `Bad GSO type ${kind}`;
			}

			if (((first >>> 8) & netif.extraMore) === 0) return problem;
		}
	}

	/** A buffer into which nothing was received is free again, or the kernel's once the backend lets go of it. */
	private takeBack(slot: number): void {
		const reference = this.references[slot];
		this.references[slot] = -1;
		if (this.kernel.endGrant(reference)) {
			this.freePages[this.free++] = this.pages[slot];
		} else {
			this.channel.endOrDefer(reference, this.pages[slot]);
			this.held--;
		}
	}

	private append(packet: NetPacket, page: Page, offset: number, bytes: number): void {
		const at = packet.segments++;
		packet.pages[at] = page;
		packet.offsets[at] = offset;
		packet.lengths[at] = bytes;
		packet.bytes += bytes;
	}

	private deliver(packet: NetPacket, sum: number, firstSlot: number): void {
		const {kernel, options} = this;
		packet.checksum = checksumPresent;
		if ((sum & netif.rxChecksumBlank) !== 0) packet.checksum = checksumBlank;
		else if ((sum & netif.rxDataValidated) !== 0) packet.checksum = checksumValidated;
		packet.segmentSize = this.segmentSize;
		packet.identity = options.receiveIdentities.slots[firstSlot];
		packet.vcpu = options.vcpu ?? 0;
		this.packets++;
		this.bytes += packet.bytes;
		kernel.trace.hop(kernel.now(), packet.identity, this.atReceived, firstSlot);
		this.receiver(packet);
	}

	/** Whoever took the packet is done with it. */
	private giveBack(packet: NetPacket): void {
		this.recycle(packet);
		if (this.starved) this.refill();
	}

	private recycle(packet: NetPacket): void {
		const {kernel} = this;
		const closed = this.ring === null;
		for (let i = 0; i < packet.segments; i++) {
			if (closed) {
				kernel.releasePage(packet.pages[i]);
				this.held--;
			} else {
				this.freePages[this.free++] = packet.pages[i];
			}
		}

		packet.segments = 0;
		this.pool.push(packet);
	}

	private armEvent(): void {
		const {ring} = this;
		if (ring === null) {
			this.looking = false;
			return;
		}

		ring.armResponseEvent();
		this.kernel.step(this.recheck);
	}

	private checkAgain(): void {
		const {ring} = this;
		if (ring !== null && ring.unconsumedResponses > 0) this.look();
		else this.looking = false;
	}
}
