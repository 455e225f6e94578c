/**
The transmit side of an 82540EM: legacy descriptors, data read ahead into the transmit FIFO, DD written back once a descriptor's data is
there, frames sent one after the other. After SDM §3.3 and §13.4.36 to 13.4.44. While the link is down nothing is sent and the FIFO
fills (SDM §13.7.11). One event a frame, when the wire is free again; work announced while a whole frame still waits in the FIFO is
fetched with that event.
Not modelled: VLE; extended descriptors (DEXT), which are used up, move nothing, and are counted in `unsupported`; write-back bursts.
What the SDM leaves undefined: a packet that can never fit the FIFO, and a refused access to memory, stop the unit until a reset.
Fault point `nic.transmit <name>` when a packet's first descriptor is taken (subject: its index; drop: the unit stops until a reset; delay: it
pauses; alter: the frame leaves with a wrong FCS).
*/
import type {Engine} from '../../engine/engine.js';
import {type Handle, noHandle} from '../../engine/event-queue.js';
import {alter, delay, drop, type FaultPoint, pass, type Verdict} from '../../engine/fault-points.js';
import {Step} from '../../engine/step.js';
import type {Dma} from '../dma.js';
import {frameCheckBytes, type WireEnd} from '../lan/wire.js';
import {E1000Delay} from './e1000-delay.js';
import {E1000Fifo} from './e1000-fifo.js';
import {groupOf} from './e1000-filter.js';
import {hashFrame} from './e1000-hash.js';
import type {E1000Options} from './e1000-options.js';
import {E1000Packet} from './e1000-packet.js';
import {
	causeTransmitEmpty,
	causeTransmitLow,
	causeTransmitWritten,
	commandDelayInterrupt,
	commandEndOfPacket,
	commandExtended,
	commandReportStatus,
	delayUnit,
	descriptorDone,
	descriptorType,
	tctlEnable,
	tctlPadShort,
	transmitAbsoluteDelay,
	transmitControl,
	transmitDelay,
	transmitDescriptorControl,
} from './e1000-registers.js';
import {E1000Ring} from './e1000-ring.js';
import {deferCount, type E1000Statistics} from './e1000-statistics.js';

/** Descriptors processed in one event. */
const burst = 64;
/** The longest packet is so much smaller than the FIFO: 16288 bytes of 16 KiB, and no more in a larger one (SDM §3.3.3). */
const fifoReserve = 96;
const longestPacket = 16_288;
/** What the transmitter needs of the controller around it. */
export interface TransmitterOwner {
	/** The link is up and the bus may be used. */
	readonly linkUp: boolean;
	readonly busMaster: boolean;
	raise(causes: number): void;
	/** Identity for the trace of the packet whose first descriptor this is. */
	packetIdentity(descriptor: number): number;
}

export class E1000Transmitter {
	readonly ring: E1000Ring;
	readonly fifo = new E1000Fifo(16 * 1024);
	/** Extended descriptors met. */
	unsupported = 0;
	/** The unit has stopped until a reset: why, '' while it works. */
	stopped = '';
	/** Mixes every byte sent into the state hash, not only a stamp of each frame. */
	hashBytes = false;
	private fetching: Handle = noHandle;
	private sending = false;
	/** A frame waits for the link: its deferral has been counted. */
	private deferred = false;
	private readonly packet: E1000Packet;
	/** The fault point has decided about the head's descriptor already. */
	private decided = false;
	private causes = 0;
	private readonly engine: Engine;
	private readonly wire: WireEnd;
	private readonly registers: Int32Array;
	private readonly statistics: E1000Statistics;
	private readonly owner: TransmitterOwner;
	private readonly options: E1000Options;
	private readonly delay: E1000Delay;
	private readonly faults: FaultPoint;
	private readonly fetchStep: Step;
	private readonly freeStep: Step;
	private readonly pointFifo: number;
	private readonly pointWire: number;

	constructor(
		engine: Engine,
		dma: Dma,
		wire: WireEnd,
		registers: Int32Array,
		statistics: E1000Statistics,
		owner: TransmitterOwner,
		options: E1000Options,
	) {
		const {name} = options;
		this.ring = new E1000Ring(dma);
		this.engine = engine;
		this.packet = new E1000Packet(dma, wire);
		this.wire = wire;
		this.registers = registers;
		this.statistics = statistics;
		this.owner = owner;
		this.options = options;
		this.delay = new E1000Delay(engine, `${name} transmit delay`, () => owner.raise(causeTransmitWritten));
		this.faults = engine.faults.point(`nic.transmit ${name}`, [name]);
		this.fetchStep = new Step(`${name} fetch`, engine.world, 0, false, () => {
			this.fetching = noHandle;
			this.work();
		});
		this.freeStep = new Step(`${name} wire free`, engine.world, 0, false, () => {
			this.sending = false;
			this.send();
			this.work();
		});
		this.pointFifo = engine.trace.point(`${name} transmit fifo`);
		this.pointWire = engine.trace.point(`${name} wire`);
	}

	/** Forgets everything but the frame on the wire, which arrives: it left before the reset. */
	reset(): void {
		this.engine.cancel(this.fetching);
		this.fetching = noHandle;
		this.delay.reset();
		this.ring.reset();
		while (this.fifo.count > 0) {
			this.wire.release(this.fifo.shift());
		}

		this.packet.reset();
		this.decided = false;
		this.deferred = false;
		this.causes = 0;
		this.stopped = '';
	}

	/** There may be something to do: a tail was written, the unit enabled, the link or the bus is back. */
	kick(): void {
		if (this.fetching === noHandle && this.mayFetch && !(this.sending && this.fifo.count > 0)) {
			this.fetching = this.engine.after(this.options.timing.doorbell, this.fetchStep);
		}

		this.send();
	}

	/** The unit stops: nothing more is fetched until a reset. What the FIFO holds still leaves. */
	stop(why: string): void {
		this.stopped = why;
	}

	private get enabled(): boolean {
		return (this.registers[transmitControl >> 2] & tctlEnable) !== 0;
	}

	private get mayFetch(): boolean {
		return this.enabled && this.stopped === '' && this.owner.busMaster && this.ring.available > 0;
	}

	/** Takes descriptors as far as the FIFO has room, and sends if the wire is free. */
	private work(): void {
		let taken = 0;
		// A pause or a burst's own time is under way: the fetch event goes on from there.
		if (this.fetching === noHandle) {
			while (taken < burst && this.mayFetch && this.take()) {
				taken++;
			}
		}

		const causes = this.causes;
		if (causes !== 0) {
			this.causes = 0;
			this.owner.raise(causes);
		}

		this.send();
		if (taken === burst && this.fetching === noHandle && this.mayFetch && !this.sending) {
			this.fetching = this.engine.after(burst * this.options.timing.descriptor, this.fetchStep);
		}
	}

	/** Uses the head's descriptor; false when it has to wait, or the unit has stopped. */
	private take(): boolean {
		const {ring} = this;
		if (!ring.readAhead()) {
			this.stop('a descriptor could not be read');
			return false;
		}

		const descriptor = ring.head;
		const {at, words} = ring;
		const command = words[at + 2];
		const length = command & 0xffff;
		if ((command & commandExtended) !== 0) {
			this.unsupported++;
			this.packet.spoilt ||= descriptorType(command) === 1;
		} else if (!this.takeData(descriptor, words[at], words[at + 1], length, command, words[at + 3])) {
			return false;
		}

		const fourth = words[at + 3];
		const ends =
			(command & commandEndOfPacket) !== 0 && ((command & commandExtended) === 0 || descriptorType(command) === 1);
		ring.advance();
		if (ends) {
			this.finish(command);
		}

		if ((command & commandReportStatus) !== 0 && !this.report(descriptor, command, fourth)) {
			return false;
		}

		const left = ring.available;
		if (left === 0) {
			this.causes |= causeTransmitEmpty;
		}

		if (left === 8 * (this.registers[transmitDescriptorControl >> 2] >>> 25)) {
			this.causes |= causeTransmitLow;
		}

		return true;
	}

	/** Moves a legacy descriptor's data into the FIFO; a null address or length moves none. False when it has to wait. */
	private takeData(
		descriptor: number,
		low: number,
		high: number,
		length: number,
		command: number,
		fourth: number,
	): boolean {
		const packet = this.packet;
		if (packet.between) {
			if (this.faults.armed !== null && !this.decided && this.refuse(descriptor)) {
				return false;
			}

			this.decided = false;
			packet.begin(this.owner.packetIdentity(descriptor), (fourth >>> 8) & 0xff, (command >>> 16) & 0xff);
		}

		if (length === 0 || (low | high) === 0) {
			return true;
		}

		const bytes = packet.bytes + length;
		if (bytes > Math.min(longestPacket, this.fifo.capacity - fifoReserve)) {
			this.stop('a packet is longer than the transmit FIFO takes');
			return false;
		}

		if (!this.fifo.fits(bytes)) {
			return false;
		}

		if (!packet.add(low, high, length, (command & commandEndOfPacket) !== 0)) {
			this.stop('a buffer could not be read');
			return false;
		}

		return true;
	}

	/** The packet is whole: as a frame it waits in the FIFO. */
	private finish(command: number): void {
		const frame = this.packet.finish(command, (this.registers[transmitControl >> 2] & tctlPadShort) !== 0);
		if (frame !== null) {
			this.fifo.push(frame, frame.length);
			this.hop(frame.identity, this.pointFifo);
		}
	}

	/** Asks the fault point about a new packet; true when its descriptor is not taken now. */
	private refuse(descriptor: number): boolean {
		const {armed} = this.faults;
		const verdict: Verdict = armed === null ? pass : armed.decide(descriptor);
		this.decided = true;
		if (verdict === drop) {
			this.stop('fault');
			return true;
		}

		this.packet.damaged = verdict === alter;
		if (verdict === delay && armed !== null) {
			this.fetching = this.engine.after(armed.value, this.fetchStep);
			return true;
		}

		return false;
	}

	/** RS: the descriptor is written back with DD, and the interrupt given or delayed. False when memory refused. */
	private report(descriptor: number, command: number, fourth: number): boolean {
		if (!this.ring.writeBack(descriptor, command, (fourth & ~15) | descriptorDone)) {
			this.stop('a descriptor could not be written back');
			return false;
		}

		this.engine.hash.word(descriptor);
		const packet = this.registers[transmitDelay >> 2] * delayUnit;
		if ((command & commandDelayInterrupt) !== 0 && packet > 0) {
			this.delay.restart(packet, this.registers[transmitAbsoluteDelay >> 2] * delayUnit);
		} else {
			this.delay.stop();
			this.causes |= causeTransmitWritten;
		}

		return true;
	}

	/** Puts the oldest frame on the wire if that is free and there is a link. */
	private send(): void {
		if (this.sending || this.fifo.count === 0 || !this.enabled) {
			return;
		}

		if (!this.owner.linkUp) {
			if (!this.deferred) {
				this.deferred = true;
				this.statistics.add(deferCount);
			}

			return;
		}

		const frame = this.fifo.shift();
		this.deferred = false;
		this.sending = true;
		this.statistics.sent(frame.length + frameCheckBytes, groupOf(frame.bytes));
		hashFrame(this.engine.hash, frame.bytes, frame.length, this.hashBytes);
		this.hop(frame.identity, this.pointWire);
		this.engine.after(this.wire.send(frame), this.freeStep);
	}

	private hop(identity: number, point: number): void {
		if (identity !== 0) {
			this.engine.trace.hop(this.engine.now, identity, point, this.ring.head);
		}
	}
}
