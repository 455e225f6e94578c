/**
netback's way from the guest: packets are taken off the transmit ring in batches, their headers copied and the rest mapped by grant, and
handed to whoever uses the interface; when that one is done with a packet it is unmapped and answered. After Linux's xen-netback
(xenvif_tx_action, xenvif_tx_check_gop, xenvif_tx_dealloc_action), with the header copied over as many slots as it lies in (XSA-423).
*/
import type {Step} from '../../engine/step.js';
import type {ChannelEnd} from '../channel/channel-end.js';
import * as netif from '../channel/netif.js';
import type {BackRing} from '../channel/ring.js';
import type {Cost} from '../kernel/cost.js';
import type {GuestKernel} from '../kernel/kernel.js';
import {checksumBlank, checksumPresent, checksumValidated, type NetPacket} from '../kernel/net-device.js';
import {NetbackAnswers} from './netback-answers.js';
import type {VifBackChannel} from './netback-channel.js';
import {netbackCosts} from './netback-costs.js';
import type {Credit} from './netback-credit.js';
import {PacketFetch} from './netback-fetch.js';
import {PacketIntake, packetBad, packetControl, packetFatal} from './netback-intake.js';
import type {NetbackOptions} from './netback-options.js';
import {type PendingPacket, PendingPackets} from './netback-pending.js';
import {NetbackReturns} from './netback-returns.js';
import {showPacket} from './netback-tap.js';

/** NAPI's weight: packets taken before others get a turn. */
const budget = 64;
/** Operations of one GNTTABOP_copy. */
const copyBatch = 64;

/** What the way from the guest asks of the device. */
export interface FromGuestSide {
	/** Takes a packet; owes one `done`. */
	receive(packet: NetPacket): void;
	/** The frontend did what no honest one does. */
	fatal(problem: string): void;
	/** A packet has come back, or a round has ended: closing may go on. */
	settled(): void;
}

export class NetbackFromGuest implements ChannelEnd {
	looking = false;
	/** Takes nothing new. */
	closing = false;
	/** Packets and bytes handed on; packets answered with an error. */
	packets = 0;
	bytes = 0;
	errors = 0;
	/** Times that the rate limit held the ring back. */
	limited = 0;
	readonly pending: PendingPackets;

	private readonly intake = new PacketIntake();
	/** Taken and not handed on yet, `batched` of them. */
	private readonly batch: (PendingPacket | null)[] = new Array(budget).fill(null);
	private batched = 0;
	/** Nanoseconds that slots cost which were not there yet when the round was asked for. */
	private owed = 0;
	/** Waits for a pending packet to come free. */
	private starving = false;
	/** Waits for the window's end; -1 while it does not. */
	private timer = -1;
	private readonly answers: NetbackAnswers;
	private readonly fetcher: PacketFetch;
	private readonly returns: NetbackReturns;
	private readonly take: Step;
	private readonly again: Step;
	private readonly refill: Step;
	private readonly fetch: Step;
	private readonly deliver: Step;
	private readonly arm: Step;
	private readonly recheck: Step;
	private readonly perSlot: number;
	private readonly perMap: number;
	private readonly perCopy: number;
	private readonly perBytes: number;
	private readonly perDelivery: number;
	private readonly atTake: number;
	private readonly atDeliver: number;
	private readonly atReturn: number;

	constructor(
		private readonly kernel: GuestKernel,
		private readonly name: string,
		private readonly options: NetbackOptions,
		private readonly channel: VifBackChannel,
		private readonly credit: Credit,
		private readonly side: FromGuestSide,
	) {
		this.pending = new PendingPackets(kernel, (packet) => this.back(packet));
		this.answers = new NetbackAnswers(kernel, name, channel, options.hash, () => side.settled());
		this.fetcher = new PacketFetch(kernel, name, options.frontend);
		const free = (taken: PendingPacket) => this.free(taken);
		this.returns = new NetbackReturns(kernel, name, options.vcpu, this.fetcher, this.answers, free);
		const define = (what: string, cost: Cost, run: (argument: number) => void) =>
			kernel.define(`netback ${name} ${what}`, cost, run);
		const hypercall = (what: string, cost: Cost, run: (argument: number) => void) =>
			kernel.hypercall(`netback ${name} ${what}`, cost, run);
		this.take = define('take', netbackCosts.take, (slots) => this.takePackets(slots));
		this.again = define('take again', netbackCosts.take, () => this.look());
		this.refill = define('credit', netbackCosts.take, () => {
			this.timer = -1;
			credit.refill();
			this.look();
		});
		this.fetch = hypercall('fetch', netbackCosts.fetch, () => this.fetchBatch());
		this.deliver = define('deliver', netbackCosts.deliver, () => this.deliverBatch());
		this.arm = define('arm transmit', netbackCosts.arm, () => this.armEvent());
		this.recheck = define('recheck transmit', netbackCosts.recheck, () => this.checkAgain());
		const cost = (what: string, per: Cost) => define(what, per, () => {}).cost;
		this.perSlot = cost('per slot', netbackCosts.takeSlot);
		this.perMap = cost('per map', netbackCosts.mapSlot);
		this.perCopy = cost('per copy', netbackCosts.copyOperation);
		this.perBytes = cost('per 256 bytes', netbackCosts.copyBytes);
		this.perDelivery = this.deliver.cost;
		this.atTake = kernel.trace.point(`${options.channel} netback`);
		this.atDeliver = kernel.trace.point(`${options.channel} ${name}`);
		this.atReturn = kernel.trace.point(`${options.channel} let go`);
	}

	get ring(): BackRing | null {
		return this.channel.transmit.ring;
	}

	get notifying(): boolean {
		return this.answers.notifying;
	}

	/** Grants mapped at this instant. */
	get grantsMapped(): number {
		return this.fetcher.mapped;
	}

	get port(): number {
		return this.channel.port;
	}

	get waiting(): number {
		const {ring} = this;
		return ring === null || this.closing ? 0 : ring.unconsumedRequests;
	}

	/** A round is under way, or packets are with somebody. */
	get busy(): boolean {
		return this.batched > 0 || this.answers.busy || this.pending.inUse > 0;
	}

	/** A new ring. */
	open(): void {
		this.looking = false;
		this.closing = false;
		this.starving = false;
		if (this.timer >= 0) this.kernel.cancelTimer(this.timer);
		this.timer = -1;
	}

	/** An event has come. */
	wakeUp(): void {
		if (this.looking || this.ring === null || this.closing) return;
		this.looking = true;
		this.look();
	}

	/** What next: to take what is there, or to sleep. */
	private look(): void {
		const {ring, kernel} = this;
		if (ring === null || this.closing) {
			this.looking = false;
			this.side.settled();
			return;
		}

		const slots = Math.min(ring.unconsumedRequests, budget);
		if (slots > 0 || this.intake.impossible(ring)) kernel.step(this.take, slots, slots * this.perSlot);
		else if (ring.requestEventArmed) this.looking = false;
		else kernel.step(this.arm);
	}

	/** Takes packets until `slots` slots are taken, whatever the last of them needs beyond that. */
	private takePackets(slots: number): void {
		const {ring, kernel, pending} = this;
		if (ring === null || this.closing) {
			this.look();
			return;
		}

		const end = (ring.requestConsumer + slots) | 0;
		let copies = 0;
		let bytes = 0;
		let maps = 0;
		let until = 0;
		while (this.batched < budget && copies < copyBatch) {
			if (this.intake.impossible(ring)) {
				this.side.fatal(this.intake.problem);
				break;
			}

			if (((end - ring.requestConsumer) | 0) <= 0 || ring.unconsumedRequests === 0) break;
			until = this.credit.take(this.intake.peekSize(ring), kernel.now());
			if (until > 0) break;
			const taken = pending.take();
			if (taken === null) {
				this.starving = true;
				break;
			}

			if (!this.takeOne(ring, taken)) {
				pending.release(taken);
				if (this.closing) break;
				continue;
			}

			this.batch[this.batched++] = taken;
			copies += taken.headerSlots;
			bytes += taken.header;
			maps += taken.bodySlots;
		}

		this.owed += Math.max((ring.requestConsumer - end) | 0, 0) * this.perSlot;
		this.answers.publishLater();
		if (this.batched > 0) {
			const extra = copies * this.perCopy + ((bytes + 255) >> 8) * this.perBytes + maps * this.perMap;
			kernel.step(this.fetch, 0, extra);
		}

		if (until > 0) {
			this.limited++;
			this.timer = kernel.timer(until - kernel.now(), this.refill);
		}

		if (this.batched === 0) this.goOn(false);
	}

	/** After a round: to the next one, unless something waited for goes on with it. */
	private goOn(full: boolean): void {
		if (this.timer >= 0 || this.starving) return;
		// Whoever has used up the budget lets others have a turn.
		if (full) this.kernel.task(this.again, 0, this.options.vcpu);
		else this.look();
	}

	/** Takes one packet; false when there is nothing to hand on: it is answered, or the vif disabled. */
	private takeOne(ring: BackRing, taken: PendingPacket): boolean {
		const {kernel, options} = this;
		const slot = ring.slot(ring.requestConsumer);
		const outcome = this.intake.take(ring, taken);
		if (outcome === packetFatal) {
			this.side.fatal(this.intake.problem);
			return false;
		}

		if (outcome === packetBad) {
			this.errors++;
			kernel.log('debug', `${this.name}: ${this.intake.problem}`);
			for (let i = 0; i < this.intake.slots; i++) {
				this.answers.put(this.intake.ids[i], i === 0 ? this.intake.extras : 0, netif.responseError);
			}

			return false;
		}

		if (outcome === packetControl) {
			// Multicast filters are not offered: the request is known and does nothing.
			this.answers.put(this.intake.ids[0], this.intake.extras, netif.responseError);
			return false;
		}

		taken.packet.identity = options.transmitIdentities.slots[slot];
		kernel.trace.hop(kernel.now(), taken.packet.identity, this.atTake, slot);
		return true;
	}

	/** One hypercall: copies the headers and maps the rest. */
	private fetchBatch(): void {
		const {kernel} = this;
		for (let i = 0; i < this.batched; i++) {
			const taken = this.batch[i];
			if (taken !== null) this.fetcher.reach(taken);
		}

		kernel.step(this.deliver, 0, (this.batched - 1) * this.perDelivery + this.owed);
		this.owed = 0;
	}

	/** Hands the batch on. What was copied whole is answered now, what is mapped when the packet comes back. */
	private deliverBatch(): void {
		const {side} = this;
		const count = this.batched;
		for (let i = 0; i < count; i++) {
			const taken = this.batch[i];
			this.batch[i] = null;
			if (taken === null) continue;
			if (taken.failed) {
				this.errors++;
				for (let slot = 0; slot < taken.slots; slot++) this.answers.slot(taken, slot, netif.responseError);
				this.pending.release(taken);
				continue;
			}

			for (let slot = 0; slot < taken.slots; slot++) {
				if (taken.handles[slot] < 0) this.answers.slot(taken, slot, netif.responseOkay);
			}

			this.hand(taken);
		}

		this.batched = 0;
		this.answers.publishLater();
		this.goOn(count === budget);
		side.settled();
	}

	private hand(taken: PendingPacket): void {
		const {kernel, options, side} = this;
		const {packet, flags} = taken;
		packet.checksum = checksumPresent;
		// A packet to be segmented has a blank checksum, whatever its flags say.
		if ((flags & netif.txChecksumBlank) !== 0 || packet.segmentSize > 0) packet.checksum = checksumBlank;
		else if ((flags & netif.txDataValidated) !== 0) packet.checksum = checksumValidated;
		packet.vcpu = options.vcpu ?? 0;
		this.packets++;
		this.bytes += packet.bytes;
		kernel.trace.hop(kernel.now(), packet.identity, this.atDeliver, taken.tag);
		if (options.tap !== undefined && options.tap.onFrame !== null) {
			showPacket(options.tap.onFrame, kernel, packet, 'outbound');
		}

		side.receive(packet);
	}

	/** Whoever had a packet is done with it. Runs in a step of this same kernel. */
	private back(packet: NetPacket): void {
		const {kernel} = this;
		const taken = this.pending.all[packet.tag];
		kernel.trace.hop(kernel.now(), packet.identity, this.atReturn, packet.tag);
		if (taken.mapped === 0) {
			this.free(taken);
			return;
		}

		this.returns.add(taken);
	}

	private free(taken: PendingPacket): void {
		this.pending.release(taken);
		if (this.starving) {
			this.starving = false;
			this.kernel.task(this.again, 0, this.options.vcpu);
		}

		this.side.settled();
	}

	private armEvent(): void {
		const {ring} = this;
		if (ring === null) {
			this.looking = false;
			return;
		}

		ring.armRequestEvent();
		this.kernel.step(this.recheck);
	}

	private checkAgain(): void {
		const {ring} = this;
		if (ring !== null && ring.unconsumedRequests > 0) this.look();
		else this.looking = false;
	}
}
