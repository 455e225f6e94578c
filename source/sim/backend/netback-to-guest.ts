/**
netback's way to the guest: packets queue, bounded in bytes, until the guest has posted pages for them; then they are copied into those pages
by GNTTABOP_copy and answered in the same slots. After Linux's xen-netback (rx.c): a packet that has waited for the drain timeout is dropped, a
guest that has posted nothing for the stall timeout loses the carrier until it posts again.
*/
import type {Occupancy} from '../../engine/occupancy.js';
import type {Step} from '../../engine/step.js';
import type {ChannelEnd} from '../channel/channel-end.js';
import {type BackRing, requestEventWord, requestProducerWord} from '../channel/ring.js';
import type {Cost} from '../kernel/cost.js';
import type {GuestKernel} from '../kernel/kernel.js';
import {dropped, type NetPacket, sent} from '../kernel/net-device.js';
import type {VifBackChannel} from './netback-channel.js';
import {netbackCosts} from './netback-costs.js';
import {drainTimeout, type NetbackOptions, pollingDrainTimeout, queueBytes, stallTimeout} from './netback-options.js';
import {PacketPlacer} from './netback-placer.js';
import {PacketQueue} from './netback-queue.js';
import {showPacket} from './netback-tap.js';

/** RX_BATCH_SIZE: packets placed in one round. */
const budget = 64;

/** What the way to the guest asks of the device. */
export interface ToGuestSide {
	/** The guest takes packets, or has not for too long. */
	carrier(up: boolean): void;
	/** The frontend did what no honest one does. */
	fatal(problem: string): void;
	/** A round has ended: closing may go on. */
	settled(): void;
}

export class NetbackToGuest implements ChannelEnd {
	looking = false;
	notifying = false;
	/** Takes nothing new. */
	closing = false;
	/** Packets and bytes placed; packets that were dropped, and those a copy failed for. */
	packets = 0;
	bytes = 0;
	dropped = 0;
	errors = 0;
	/** The guest has posted nothing for the stall timeout, or not yet. */
	stalled = true;
	/** When a packet was last placed, or the guest connected, ns. */
	lastPlaced = 0;
	readonly queue = new PacketQueue();
	private readonly placer: PacketPlacer;
	private drain = drainTimeout;
	/** 0: no stall detection. */
	private stall = stallTimeout;
	/** The producer index when the event was armed last. */
	private armedAt = 0;
	/** A packet's drop is due then; -1 while nothing waits. */
	private dueAt = -1;
	private readonly refused: NetPacket[] = [];
	private readonly waiters: (() => void)[] = [];
	private readonly thread: Step;
	private readonly expire: Step;
	private readonly place: Step;
	private readonly copy: Step;
	private readonly complete: Step;
	private readonly notify: Step;
	private readonly arm: Step;
	private readonly recheck: Step;
	private readonly refuse: Step;
	private readonly perCopy: number;
	private readonly perBytes: number;
	private readonly perResponse: number;
	private readonly atQueue: number;
	private readonly atPlaced: number;

	constructor(
		private readonly kernel: GuestKernel,
		private readonly name: string,
		private readonly options: NetbackOptions,
		private readonly channel: VifBackChannel,
		private readonly side: ToGuestSide,
	) {
		this.placer = new PacketPlacer(kernel, options.frontend);
		const define = (what: string, cost: Cost, run: (argument: number) => void) =>
			kernel.define(`netback ${name} ${what}`, cost, run);
		const hypercall = (what: string, cost: Cost, run: (argument: number) => void) =>
			kernel.hypercall(`netback ${name} ${what}`, cost, run);
		this.thread = define('thread', netbackCosts.queue, () => this.look());
		this.expire = define('expire', netbackCosts.queue, () => {
			this.dueAt = -1;
			this.wakeUp();
		});
		this.place = define('place', netbackCosts.place, (count) => this.placePackets(count));
		this.copy = hypercall('copy', netbackCosts.copy, () => this.copyBatch());
		this.complete = define('complete', netbackCosts.respond, () => this.answer());
		this.notify = hypercall('notify receive', netbackCosts.notify, () => {
			this.notifying = false;
			if (this.port >= 0) kernel.notify(this.port);
			side.settled();
		});
		this.arm = define('arm receive', netbackCosts.arm, () => this.armEvent());
		this.recheck = define('recheck receive', netbackCosts.recheck, () => this.checkAgain());
		this.refuse = define('refuse', netbackCosts.queue, () => {
			const packet = this.refused.shift();
			packet?.done(packet, dropped);
		});
		const cost = (what: string, per: Cost) => define(what, per, () => {}).cost;
		this.perCopy = cost('per copy to the guest', netbackCosts.copyOperation);
		this.perBytes = cost('per 256 bytes to the guest', netbackCosts.copyBytes);
		this.perResponse = cost('per response to the guest', netbackCosts.respondSlot);
		this.atQueue = kernel.trace.point(`${options.channel} queue`);
		this.atPlaced = kernel.trace.point(`${options.channel} receive ring`);
	}

	/** Told how many bytes queue whenever that changes. For observers; changes nothing. */
	get occupancy(): Occupancy | null {
		return this.queue.occupancy;
	}

	set occupancy(occupancy: Occupancy | null) {
		this.queue.occupancy = occupancy;
	}

	get ring(): BackRing | null {
		return this.channel.receive.ring;
	}

	get port(): number {
		return this.channel.port;
	}

	/** Packets that could be placed now. Buffers that nobody needs are no work. */
	get waiting(): number {
		const {ring} = this;
		return ring !== null && !this.closing && this.canPlace(ring) ? this.queue.length : 0;
	}

	get busy(): boolean {
		return this.placer.packets > 0 || this.notifying;
	}

	/** Room for another packet? */
	get hasRoom(): boolean {
		return this.queue.bytes <= queueBytes;
	}

	/** A new ring; `notify`: the guest says when it has posted (feature-rx-notify), otherwise one waits for it only briefly. */
	open(notify: boolean): void {
		this.looking = false;
		this.notifying = false;
		this.closing = false;
		this.stalled = true;
		this.drain = notify ? drainTimeout : pollingDrainTimeout;
		this.stall = notify ? stallTimeout : 0;
		this.lastPlaced = this.kernel.now();
		if (!notify) this.ready();
		this.wakeUp();
	}

	/** Queues a packet; there is room. */
	take(packet: NetPacket): void {
		const {kernel} = this;
		kernel.trace.hop(kernel.now(), packet.identity, this.atQueue, this.queue.length);
		this.queue.push(packet, kernel.now() + this.drain, kernel.now());
		this.wakeUp();
	}

	/** Answers a packet that cannot be taken, in a step of its own. */
	drop(packet: NetPacket): void {
		this.dropped++;
		this.refused.push(packet);
		this.kernel.step(this.refuse);
	}

	whenRoom(wake: () => void): void {
		this.waiters.push(wake);
	}

	/** An event has come: the thread wakes if buffers are what it waits for. */
	eventCame(): void {
		if (this.queue.length > 0 || this.stalled) this.wakeUp();
	}

	/** A packet has come, or a time has passed: the thread wakes. */
	wakeUp(): void {
		if (this.looking || this.ring === null) return;
		this.looking = true;
		this.kernel.task(this.thread, 0, this.options.vcpu);
	}

	/** Drops everything that queues. */
	purge(): void {
		while (this.queue.length > 0) this.dropHead();
		this.wakeWaiters();
	}

	/** One round of the thread: places what it can, looks whether the guest has stalled, drops what has waited too long, sleeps. */
	private look(): void {
		const {ring, kernel} = this;
		if (ring === null || this.closing) {
			this.looking = false;
			this.side.settled();
			return;
		}

		if (ring.requestsOverflow) {
			this.side.fatal('Impossible number of receive requests');
			this.looking = false;
			return;
		}

		if (this.canPlace(ring)) {
			const count = Math.min(this.queue.length, budget);
			kernel.step(this.place, count, (count - 1) * this.place.cost);
			return;
		}

		this.judge(ring);
		this.dropExpired();
		if (this.queue.length === 0) {
			this.looking = false;
		} else if (ring.words[requestEventWord] === ((ring.words[requestProducerWord] + 1) | 0)) {
			this.sleep();
		} else {
			kernel.step(this.arm);
		}
	}

	private canPlace(ring: BackRing): boolean {
		return this.queue.length > 0 && ring.unconsumedRequests >= this.placer.slotsFor(this.queue.head);
	}

	/** Sleeps until an event comes or the oldest packet has waited long enough. */
	private sleep(): void {
		const {kernel} = this;
		this.looking = false;
		const due = this.queue.headExpires;
		if (this.dueAt >= 0 && this.dueAt <= due) return;
		this.dueAt = due;
		kernel.timer(Math.max(due - kernel.now(), 1), this.expire);
	}

	private armEvent(): void {
		const {ring} = this;
		if (ring === null) {
			this.looking = false;
			return;
		}

		// Asks for the next one beyond those that are there and do not suffice.
		this.armedAt = ring.words[requestProducerWord];
		ring.armRequestEvent(ring.unconsumedRequests + 1);
		this.kernel.step(this.recheck);
	}

	private checkAgain(): void {
		const {ring} = this;
		if (ring === null) this.looking = false;
		else if (this.canPlace(ring)) this.look();
		else if (this.queue.length === 0) this.looking = false;
		else if (ring.words[requestProducerWord] === this.armedAt) this.sleep();
		else this.look();
	}

	/** xenvif_rx_queue_stalled and _ready. */
	private judge(ring: BackRing): void {
		if (this.stall === 0) return;
		const posted = ring.unconsumedRequests;
		const {kernel, name} = this;
		if (!this.stalled && posted === 0 && kernel.now() > this.lastPlaced + this.stall) {
			this.stalled = true;
			kernel.log('info', `${name}: Guest Rx stalled`);
			this.side.carrier(false);
		} else if (this.stalled && posted > 0) {
			this.lastPlaced = kernel.now();
			this.ready();
		}
	}

	private ready(): void {
		this.stalled = false;
		this.kernel.log('info', `${this.name}: Guest Rx ready`);
		this.side.carrier(true);
	}

	private dropExpired(): void {
		const {kernel} = this;
		let any = false;
		while (this.queue.length > 0 && this.queue.headExpires <= kernel.now()) {
			this.dropHead();
			any = true;
		}

		if (any) this.wakeWaiters();
	}

	private dropHead(): void {
		const packet = this.queue.shift(this.kernel.now());
		this.dropped++;
		packet.done(packet, dropped);
	}

	/** Takes requests for as many as `count` packets and lists the copies that fill them. */
	private placePackets(count: number): void {
		const {ring, kernel, options} = this;
		const placer = this.placer;
		if (ring === null || this.closing) {
			this.look();
			return;
		}

		this.lastPlaced = kernel.now();
		while (placer.packets < count && !placer.full && this.canPlace(ring)) {
			const packet = this.queue.shift(kernel.now());
			this.packets++;
			this.bytes += packet.bytes;
			const slot = ring.slot(ring.requestConsumer);
			options.receiveIdentities.slots[slot] = packet.identity;
			options.receiveIdentities.since[slot] = kernel.now();
			kernel.trace.hop(kernel.now(), packet.identity, this.atPlaced, slot);
			placer.place(ring, packet);
		}

		this.askToCopy();
	}

	private askToCopy(): void {
		const placer = this.placer;
		const count = placer.nextBatch();
		const extra = count * this.perCopy + ((placer.batchBytes + 255) >> 8) * this.perBytes;
		if (count > 0) this.kernel.step(this.copy, count, extra);
		else this.kernel.step(this.complete, 0, placer.slots * this.perResponse);
	}

	private copyBatch(): void {
		this.errors += this.placer.copy();
		this.askToCopy();
	}

	/** Writes the responses, publishes them, and gives the packets back. */
	private answer(): void {
		const {ring, kernel, options} = this;
		const placer = this.placer;
		if (ring !== null && placer.slots > 0) {
			placer.respond(ring, options.hash);
			if (ring.pushResponses() && !this.notifying) {
				this.notifying = true;
				kernel.step(this.notify);
			}
		}

		const {tap} = options;
		for (let i = 0; i < placer.packets; i++) {
			const packet = placer.packet(i);
			if (tap !== undefined && tap.onFrame !== null) showPacket(tap.onFrame, kernel, packet, 'inbound');
			packet.done(packet, sent);
		}

		placer.clear();
		this.wakeWaiters();
		this.side.settled();
		if (this.stall > 0 && ring !== null) this.judge(ring);
		this.look();
	}

	private wakeWaiters(): void {
		if (this.waiters.length === 0 || this.queue.bytes >= queueBytes) return;
		for (let count = this.waiters.length; count > 0; count--) this.waiters.shift()?.();
	}
}
