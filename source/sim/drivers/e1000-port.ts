/**
The packet path of the e1000 driver: packets become descriptors, an interrupt starts a poll, the poll lets go of what was sent and hands up
what arrived, at most 64 frames at a time. After Linux's drivers/net/ethernet/intel/e1000/e1000_main.c (e1000_xmit_frame, e1000_intr,
e1000_clean) and its NAPI. Whatever goes wrong is the business of e1000.ts.
*/
import {assert} from '../../engine/assert.js';
import type {Step} from '../../engine/step.js';
import type {Kernel, PciDevice, Registers} from '../kernel/kernel.js';
import {
	checksumPresent,
	checksumValidated,
	dropped,
	frameBytesAtMtu1500,
	type NetDevice,
	type NetLimits,
	type NetPacket,
	packetError,
	sent,
} from '../kernel/net-device.js';
import {e1000Costs} from './e1000-costs.js';
import {E1000Counters} from './e1000-counters.js';
import {E1000ReceiveRing} from './e1000-receive-ring.js';
import * as e1000 from './e1000-registers.js';
import {E1000TransmitRing} from './e1000-transmit-ring.js';

/** Frames a poll takes before others have their turn (NAPI's weight). */
const pollBudget = 64;
/** Buffers posted before the device is told (E1000_RX_BUFFER_WRITE). */
const refillBatch = 16;
/** Free descriptors at which whoever waits for room is woken (TX_WAKE_THRESHOLD): the largest packet fits. */
const wakeThreshold = 32;
const mostSegments = wakeThreshold;

/**
What becomes of packets: `closed` drops them (no device yet, or none any more), `held` says full until it is `open` again, which sends them.
*/
export type E1000Mode = 'closed' | 'held' | 'open';

/** What the port tells the driver above it, from within a step. */
export interface E1000Events {
	/** The link may have changed. */
	linkChanged(): void;
	/** A register was answered with all ones. */
	gone(): void;
}

export interface E1000PortOptions {
	/** Descriptors of each ring. */
	readonly descriptors: number;
	/** Receive buffers, one page each, at most. */
	readonly receiveBuffers: number;
}

export class E1000Port implements NetDevice {
	readonly name: string;
	readonly limits: NetLimits;
	readonly mac = new Uint8Array(6);
	carrier = false;
	receiver: (packet: NetPacket) => void = (packet) => packet.done(packet, dropped);
	onCarrier: (up: boolean) => void = () => {};
	/** See NetDriver. */
	receivedIdentity: (entry: number) => number = () => 0;
	mode: E1000Mode = 'closed';
	/** The transmitter stands still: nothing is taken until it is reset. */
	stopped = false;
	/** When a packet was last put in the ring, ns. */
	lastQueued = 0;
	readonly transmitRing: E1000TransmitRing;
	readonly receiveRing: E1000ReceiveRing;
	readonly counters = new E1000Counters();
	/** To be bound to the function's line. */
	readonly interrupt: Step;
	private readonly kernel: Kernel;
	private readonly device: PciDevice;
	private readonly registers: Registers;
	private readonly events: E1000Events;
	/** Packets taken and not yet in the ring, by slot, and the slots that are free. */
	private readonly waiting: (NetPacket | null)[];
	private readonly freeSlots: Int32Array;
	private freeSlotCount: number;
	private waiters: (() => void)[] = [];
	private woken: (() => void)[] = [];
	/** Frames the poll under way may still take. */
	private budget = 0;
	/** Tail of the receive ring as the device was last told. */
	private announced = 0;
	private refilling = false;

	private readonly queueStep: Step;
	private readonly pollStep: Step;
	private readonly reclaimStep: Step;
	private readonly receiveStep: Step;
	private readonly completeStep: Step;
	private readonly refillStep: Step;
	private readonly perSegment: number;
	private readonly perReclaim: number;
	private readonly atQueue: number;
	private readonly atSent: number;
	private readonly atReceive: number;

	constructor(kernel: Kernel, device: PciDevice, registers: Registers, options: E1000PortOptions, events: E1000Events) {
		const {name} = device;
		const {descriptors, receiveBuffers} = options;
		this.kernel = kernel;
		this.device = device;
		this.registers = registers;
		this.events = events;
		this.name = name;
		this.limits = {frame: frameBytesAtMtu1500, segments: mostSegments, checksumOffload: true, segmentation: 0};
		this.transmitRing = new E1000TransmitRing(kernel, descriptors);
		this.receiveRing = new E1000ReceiveRing(kernel, descriptors, receiveBuffers, (packet) => this.returned(packet));
		this.waiting = new Array(descriptors).fill(null);
		this.freeSlots = new Int32Array(descriptors);
		for (let i = 0; i < descriptors; i++) this.freeSlots[i] = descriptors - 1 - i;
		this.freeSlotCount = descriptors;
		this.queueStep = kernel.define(`${name} queue`, e1000Costs.queue, (slot) => this.queue(slot));
		this.pollStep = kernel.define(`${name} poll`, e1000Costs.poll, () => this.poll());
		this.reclaimStep = kernel.define(`${name} reclaim`, e1000Costs.reclaim, (count) => this.reclaim(count));
		this.receiveStep = kernel.define(`${name} receive`, e1000Costs.receive, () => this.receive());
		this.completeStep = kernel.define(`${name} complete`, e1000Costs.complete, () => this.complete());
		this.refillStep = kernel.define(`${name} refill`, e1000Costs.refill, () => this.refill());
		this.perSegment = kernel.define(`${name} segment`, e1000Costs.segment, () => {}).cost;
		this.perReclaim = kernel.define(`${name} reclaim packet`, e1000Costs.reclaimPacket, () => {}).cost;
		this.interrupt = kernel.define(`${name} interrupt`, e1000Costs.interrupt, (vector) => this.interrupted(vector));
		this.atQueue = kernel.trace.point(`${name} queue`);
		this.atSent = kernel.trace.point(`${name} sent`);
		this.atReceive = kernel.trace.point(`${name} receive`);
	}

	/** Packets taken and not given back yet. */
	get outstanding(): number {
		return this.transmitRing.packets + this.waiting.length - this.freeSlotCount;
	}

	transmit(packet: NetPacket): boolean {
		const ring = this.transmitRing;
		const {segments} = packet;
		assert(segments > 0 && segments <= this.limits.segments, 'a packet has segments, no more than the device takes');
		assert(packet.bytes <= this.limits.frame && packet.segmentSize === 0, 'a packet for the wire is one frame');
		if (ring.free < segments || this.freeSlotCount === 0 || this.mode === 'held' || this.stopped) {
			this.counters.txFull++;
			return false;
		}

		ring.free -= segments;
		const slot = this.freeSlots[--this.freeSlotCount];
		this.waiting[slot] = packet;
		this.kernel.step(this.queueStep, slot, (segments - 1) * this.perSegment);
		return true;
	}

	whenRoom(wake: () => void): void {
		this.waiters.push(wake);
	}

	/** The device is set up, its rings empty: posts buffers, takes packets, lets it interrupt. */
	open(): void {
		this.mode = 'open';
		this.stopped = false;
		this.announced = this.receiveRing.next;
		this.wakeWaiters();
	}

	setCarrier(up: boolean): void {
		if (this.carrier === up) return;
		this.carrier = up;
		this.counters.linkChanges++;
		this.onCarrier(up);
	}

	/** Gives the oldest packet in the ring back unsent. */
	dropOldest(): void {
		const packet = this.transmitRing.take();
		this.counters.txDropped++;
		packet.done(packet, dropped);
	}

	wakeWaiters(): void {
		const waiting = this.waiters;
		this.waiters = this.woken;
		this.woken = waiting;
		for (const wake of waiting) wake();
		waiting.length = 0;
	}

	/** Writes a packet's descriptors and tells the device: nobody else sees what is between the two. */
	private queue(slot: number): void {
		const packet = this.waiting[slot];
		assert(packet !== null, 'a packet is queued once');
		this.waiting[slot] = null;
		this.freeSlots[this.freeSlotCount++] = slot;
		const ring = this.transmitRing;
		if (this.mode !== 'open' || !this.carrier) {
			ring.free += packet.segments;
			this.counters.txDropped++;
			packet.done(packet, dropped);
			return;
		}

		if (!ring.put(packet)) {
			ring.free += packet.segments;
			this.counters.txErrors++;
			packet.done(packet, packetError);
			return;
		}

		this.lastQueued = this.kernel.now();
		this.registers.write32(e1000.transmitTail, ring.next);
		if (packet.identity !== 0) {
			this.kernel.trace.hop(this.lastQueued, packet.identity, this.atQueue, ring.next);
		}
	}

	private interrupted(vector: number): void {
		const registers = this.registers;
		const {counters} = this;
		counters.interrupts++;
		const cause = registers.read32(e1000.interruptCause);
		if (cause === -1) {
			this.device.endOfInterrupt(vector);
			this.events.gone();
			return;
		}

		if (cause === 0) counters.spuriousInterrupts++;
		if ((cause & e1000.causeReceiveOverrun) !== 0) counters.overruns++;
		registers.write32(e1000.interruptMaskClear, -1);
		this.device.endOfInterrupt(vector);
		if ((cause & (e1000.causeLinkChange | e1000.causeReceiveSequence)) !== 0) this.events.linkChanged();
		if (this.mode === 'open') this.kernel.step(this.pollStep);
	}

	private poll(): void {
		if (this.mode !== 'open') return;
		this.counters.polls++;
		this.budget = pollBudget;
		const count = this.transmitRing.done();
		if (count > 0) this.kernel.step(this.reclaimStep, count, count * this.perReclaim);
		this.kernel.step(this.receiveRing.pending ? this.receiveStep : this.completeStep);
	}

	/** Lets go of `count` packets that the device has written back. */
	private reclaim(count: number): void {
		const ring = this.transmitRing;
		const {counters} = this;
		const {trace} = this.kernel;
		for (let i = 0; i < count && ring.pending; i++) {
			const packet = ring.take();
			counters.txPackets++;
			counters.txBytes += packet.bytes;
			if (packet.identity !== 0) trace.hop(this.kernel.now(), packet.identity, this.atSent, ring.clean);
			packet.done(packet, sent);
		}

		if (this.waiters.length > 0 && ring.free >= wakeThreshold) this.wakeWaiters();
	}

	/** Takes one frame, puts another buffer in its place, and decides what comes next. */
	private receive(): void {
		const ring = this.receiveRing;
		const kernel = this.kernel;
		if (this.mode !== 'open') return;
		if (ring.pending) this.take(ring);
		if (ring.available) ring.post();
		else this.counters.rxBuffersLacking++;
		if (this.unannounced >= refillBatch) this.announce();
		if (--this.budget > 0) {
			kernel.step(ring.pending ? this.receiveStep : this.completeStep);
		} else if (ring.pending) {
			// The rest has to wait its turn among the kernel's other work.
			this.counters.pollsExhausted++;
			kernel.task(this.pollStep);
		} else {
			kernel.step(this.completeStep);
		}
	}

	private take(ring: E1000ReceiveRing): void {
		const {counters} = this;
		const {status, length, clean} = ring;
		const packet = ring.take();
		if ((status & e1000.receivedFrameErrors) !== 0 || (status & e1000.receivedEndOfPacket) === 0) {
			counters.rxErrors++;
			ring.give(packet);
			return;
		}

		packet.checksum = checksumPresent;
		const checked = e1000.receivedIgnoreChecksum | e1000.receivedTransportChecked;
		if ((status & checked) === e1000.receivedTransportChecked) {
			if ((status & e1000.receivedTransportError) === 0) packet.checksum = checksumValidated;
			else counters.rxChecksumErrors++;
		}

		packet.lengths[0] = length;
		packet.bytes = length;
		packet.identity = this.receivedIdentity(clean);
		counters.rxPackets++;
		counters.rxBytes += length;
		if (packet.identity !== 0) this.kernel.trace.hop(this.kernel.now(), packet.identity, this.atReceive, clean);

		this.receiver(packet);
	}

	/** The poll is over: the device may interrupt again, and does at once if something happened meanwhile. */
	private complete(): void {
		if (this.mode !== 'open') return;
		if (this.unannounced > 0) this.announce();
		this.registers.write32(e1000.interruptMaskSet, e1000.interruptCauses);
	}

	private get unannounced(): number {
		const posted = this.receiveRing.next - this.announced;
		return posted < 0 ? posted + this.receiveRing.entries : posted;
	}

	private announce(): void {
		this.announced = this.receiveRing.next;
		this.registers.write32(e1000.receiveTail, this.announced);
	}

	/** A taker is done with a frame. A ring that lacks buffers gets them in batches, or at once when it has none left. */
	private returned(packet: NetPacket): void {
		const ring = this.receiveRing;
		ring.give(packet);
		if (this.refilling || this.mode !== 'open' || ring.lacking === 0) return;
		if (ring.posted > 0 && (ring.free < refillBatch || ring.lacking < refillBatch)) return;
		this.refilling = true;
		this.kernel.task(this.refillStep);
	}

	private refill(): void {
		const ring = this.receiveRing;
		this.refilling = false;
		if (this.mode !== 'open') return;
		for (let i = 0; i < refillBatch && ring.lacking > 0 && ring.free > 0; i++) ring.post();
		if (this.unannounced > 0) this.announce();
		if (ring.lacking > 0 && ring.free > 0) {
			this.refilling = true;
			this.kernel.step(this.refillStep);
		}
	}
}
