/**
The receive side of an 82540EM: filter, FIFO, legacy descriptors, delayed interrupts. After SDM §3.2 and §13.4.22 to 13.4.31. A frame is
here when its last bit has arrived; with descriptors to hand it is in memory in the same event, straight from the wire's buffer. Without,
it waits in the FIFO (RNBC), and once that is full the next is missed (MPC, RXO). A frame may fill several buffers; those at hand are
filled at once, the rest waits for the next ones.
Not modelled: VLAN (CTRL.VME, RCTL.VFE), loopback, PAUSE frames, SRPD, write-back bursts. What the SDM leaves undefined: a refused access
to memory stops the unit until a reset; a descriptor with a null address is written back with DD alone and skipped.
Fault point `nic.receive <name>` when a frame for us arrives (subject: its bytes; drop: the FIFO takes nothing, an overrun; alter: it arrives
with a CRC error, or with a data error (RXE) when the value is 2).
*/
import type {Engine} from '../../engine/engine.js';
import {type Handle, noHandle} from '../../engine/event-queue.js';
import {alter, drop, type FaultPoint, pass, type Verdict} from '../../engine/fault-points.js';
import {Step} from '../../engine/step.js';
import type {Dma} from '../dma.js';
import {frameCheckBytes, minimumFrame, type WireEnd, type WireFrame} from '../lan/wire.js';
import {inspect, inspected} from './e1000-checksum.js';
import {E1000Delay} from './e1000-delay.js';
import {E1000Fifo} from './e1000-fifo.js';
import {filterFrame, filterInexact, filterRejected, groupOf} from './e1000-filter.js';
import {hashFrame} from './e1000-hash.js';
import type {E1000Options} from './e1000-options.js';
import {
	causeOverrun,
	causeReceiveLow,
	causeReceiveTimer,
	delayUnit,
	descriptorDone,
	errorCrc,
	errorData,
	rctlEnable,
	rctlLongPackets,
	rctlStoreBad,
	rctlStripCrc,
	rctlThresholdShift,
	receiveAbsoluteDelay,
	receiveBufferBytes,
	receiveChecksum,
	receiveControl,
	receiveDelay,
	receivedEnd,
	receivedIgnoreChecksum,
	receivedInexact,
} from './e1000-registers.js';
import {E1000Ring} from './e1000-ring.js';
import {
	crcErrors,
	dataErrors,
	type E1000Statistics,
	fragments,
	jabbers,
	lengthErrors,
	missedPackets,
	noBuffers,
	oversized,
	undersized,
} from './e1000-statistics.js';
import {writeMemory} from './e1000-transfer.js';
import {frameCheck} from './frame-check.js';

/** Longest frames with their FCS: with a VLAN tag, and with RCTL.LPE. */
const longest = 1522;
const longestLong = 16_384;
const ringLimit = 65_536;
/** Descriptors used in one event. */
const burst = 64;

/** What the receiver needs of the controller around it. */
export interface ReceiverOwner {
	readonly linkUp: boolean;
	readonly busMaster: boolean;
	raise(causes: number): void;
}

export class E1000Receiver {
	readonly ring: E1000Ring;
	readonly fifo = new E1000Fifo(48 * 1024);
	/** The unit has stopped until a reset: why, '' while it works. */
	stopped = '';
	/** Mixes every byte received into the state hash, not only a stamp of each frame. */
	hashBytes = false;
	/** Identity for the trace of the frame that a descriptor ended, by the descriptor's index. Made when first written. */
	private identities: Int32Array | null = null;
	private draining: Handle = noHandle;
	/** Bytes of the FIFO's oldest frame already in memory, and the packet checksum's place: its first descriptor. */
	private moved = 0;
	private causes = 0;
	private readonly engine: Engine;
	private readonly dma: Dma;
	private readonly wire: WireEnd;
	private readonly registers: Int32Array;
	private readonly statistics: E1000Statistics;
	private readonly owner: ReceiverOwner;
	private readonly options: E1000Options;
	private readonly delay: E1000Delay;
	private readonly faults: FaultPoint;
	private readonly drainStep: Step;
	private readonly pointFifo: number;
	private readonly pointMemory: number;

	constructor(
		engine: Engine,
		dma: Dma,
		wire: WireEnd,
		registers: Int32Array,
		statistics: E1000Statistics,
		owner: ReceiverOwner,
		options: E1000Options,
	) {
		const {name} = options;
		this.ring = new E1000Ring(dma);
		this.engine = engine;
		this.dma = dma;
		this.wire = wire;
		this.registers = registers;
		this.statistics = statistics;
		this.owner = owner;
		this.options = options;
		this.delay = new E1000Delay(engine, `${name} receive delay`, () => owner.raise(causeReceiveTimer));
		this.faults = engine.faults.point(`nic.receive ${name}`, [name]);
		this.drainStep = new Step(`${name} buffers`, engine.world, 0, false, () => {
			this.draining = noHandle;
			this.drain();
		});
		this.pointFifo = engine.trace.point(`${name} receive fifo`);
		this.pointMemory = engine.trace.point(`${name} received`);
	}

	/** Identity for the trace of the frame whose last descriptor this was; 0 for nobody's. */
	identityOf(descriptor: number): number {
		return this.identities === null ? 0 : this.identities[descriptor & (ringLimit - 1)];
	}

	/** Forgets everything. */
	reset(): void {
		this.engine.cancel(this.draining);
		this.draining = noHandle;
		this.delay.reset();
		this.ring.reset();
		while (this.fifo.count > 0) {
			this.wire.release(this.fifo.shift());
		}

		this.moved = 0;
		this.causes = 0;
		this.stopped = '';
	}

	/** There may be something to do: a tail was written, the unit enabled, the bus is back. */
	kick(): void {
		if (this.fifo.count > 0 && this.draining === noHandle && this.mayMove) {
			this.draining = this.engine.after(this.options.timing.doorbell, this.drainStep);
		}
	}

	/** RDTR.FPD: the delay is over now. */
	flush(): void {
		this.delay.stop();
		this.owner.raise(causeReceiveTimer);
	}

	/** A frame's last bit has arrived. */
	receive(frame: WireFrame): void {
		const rctl = this.registers[receiveControl >> 2];
		if ((rctl & rctlEnable) === 0 || !this.owner.linkUp || !this.accept(frame, rctl)) {
			this.wire.release(frame);
			return;
		}

		if (this.ring.available === 0) {
			this.statistics.add(noBuffers);
		}

		if (this.draining === noHandle) {
			this.drain();
		}
	}

	private get mayMove(): boolean {
		return (
			(this.registers[receiveControl >> 2] & rctlEnable) !== 0 &&
			this.stopped === '' &&
			this.owner.busMaster &&
			this.ring.available > 0
		);
	}

	/** Counts the frame, and takes it into the FIFO if it is for us, good or to be stored though bad, and finds room. */
	private accept(frame: WireFrame, rctl: number): boolean {
		const statistics = this.statistics;
		const {bytes, identity} = frame;
		const length = frame.length + frameCheckBytes;
		statistics.heard(length);
		const group = groupOf(bytes);
		const verdict = filterFrame(this.registers, rctl, bytes, group);
		if (verdict === filterRejected) {
			return false;
		}

		const {armed} = this.faults;
		const fault: Verdict = armed === null ? pass : armed.decide(frame.length);
		const dataError = fault === alter && armed !== null && armed.value === 2;
		const damaged = frame.damaged || (fault === alter && !dataError);
		const errors = (damaged ? errorCrc : 0) | (dataError ? errorData : 0);
		const good = this.judge(length, damaged, dataError, rctl) && errors === 0;
		if (!good && (rctl & rctlStoreBad) === 0) {
			return false;
		}

		const stored = (rctl & rctlStripCrc) !== 0 ? frame.length : length;
		if (fault === drop || !this.fifo.fits(length)) {
			statistics.add(missedPackets);
			this.owner.raise(causeOverrun);
			return false;
		}

		if (good) {
			statistics.received(length, group);
		}

		hashFrame(this.engine.hash, bytes, frame.length, this.hashBytes);
		if (identity !== 0) {
			this.engine.trace.hop(this.engine.now, identity, this.pointFifo, this.fifo.count);
		}

		const kept = stored === frame.length ? frame : this.withCheck(frame, damaged);
		inspect(kept.bytes, stored, this.registers[receiveChecksum >> 2]);
		const slot = this.fifo.push(kept, length);
		this.fifo.bytes[slot] = stored;
		this.fifo.status[slot] =
			(good ? inspected.status : receivedIgnoreChecksum | errors) | (verdict === filterInexact ? receivedInexact : 0);
		this.fifo.checksum[slot] = inspected.checksum;
		return true;
	}

	/** Whether the frame's length is legal, counting what is wrong. */
	private judge(length: number, damaged: boolean, dataError: boolean, rctl: number): boolean {
		const statistics = this.statistics;
		const short = length < minimumFrame;
		const long = length > ((rctl & rctlLongPackets) !== 0 ? longestLong : longest);
		if (short || long) {
			statistics.add(lengthErrors);
			statistics.add(short ? (damaged ? fragments : undersized) : damaged ? jabbers : oversized);
		}

		if (!short && damaged) {
			statistics.add(crcErrors);
		}

		if (!short && dataError) {
			statistics.add(dataErrors);
		}

		return !short && !long;
	}

	/** The frame with its FCS behind it: a wrong one when it is damaged. The frame itself where there is room. */
	private withCheck(frame: WireFrame, damaged: boolean): WireFrame {
		const {length} = frame;
		let kept = frame;
		if (frame.bytes.length < length + frameCheckBytes) {
			kept = this.wire.frame(length + frameCheckBytes);
			frame.bytes.copy(kept.bytes, 0, 0, length);
			kept.length = length;
			kept.identity = frame.identity;
			this.wire.release(frame);
		}

		const check = frameCheck(kept.bytes, length);
		kept.bytes.writeUInt32LE((damaged ? ~check : check) >>> 0, length);
		return kept;
	}

	/** Moves waiting frames to memory as far as there are descriptors. */
	private drain(): void {
		let moved = 0;
		while (moved < burst && this.fifo.count > 0 && this.mayMove && this.move()) {
			moved++;
		}

		if (moved === burst && this.fifo.count > 0 && this.mayMove) {
			this.draining = this.engine.after(burst * this.options.timing.descriptor, this.drainStep);
		}

		const causes = this.causes;
		if (causes !== 0) {
			this.causes = 0;
			this.owner.raise(causes);
		}
	}

	/** Fills the head's buffer from the oldest frame. False when the unit has stopped. */
	private move(): boolean {
		const {ring, fifo} = this;
		if (!ring.readAhead()) {
			return this.stop('a descriptor could not be read');
		}

		const descriptor = ring.head;
		const low = ring.words[ring.at];
		const high = ring.words[ring.at + 1];
		const slot = fifo.first;
		const before = this.moved;
		const rctl = this.registers[receiveControl >> 2];
		const part = (low | high) === 0 ? 0 : Math.min(receiveBufferBytes(rctl), fifo.bytes[slot] - before);
		const frame = fifo.peek();
		if (!writeMemory(this.dma, frame.bytes, before, low, high, part)) {
			return this.stop('a buffer could not be written');
		}

		const last = part > 0 && before + part === fifo.bytes[slot];
		const checksum = part > 0 && before === 0 ? fifo.checksum[slot] : 0;
		const status = descriptorDone | (last ? receivedEnd | fifo.status[slot] : 0);
		if (!ring.writeBack(descriptor, part | (checksum << 16), status)) {
			return this.stop('a descriptor could not be written back');
		}

		this.engine.hash.word((descriptor << 16) | status);
		ring.advance();
		if (ring.available === ring.size >> rctlThresholdShift(rctl)) {
			this.causes |= causeReceiveLow;
		}

		this.moved = before + part;
		if (last) {
			this.moved = 0;
			this.handOver(fifo.shift(), descriptor);
		}

		return true;
	}

	/** The frame is in memory: its buffer goes back, and the interrupt is given or delayed. */
	private handOver(frame: WireFrame, descriptor: number): void {
		const {identity} = frame;
		if (identity !== 0) {
			this.engine.trace.hop(this.engine.now, identity, this.pointMemory, descriptor);
			this.identities ??= new Int32Array(ringLimit);
		}

		if (this.identities !== null) {
			this.identities[descriptor] = identity;
		}

		this.wire.release(frame);
		const packet = this.registers[receiveDelay >> 2] * delayUnit;
		if (packet > 0) {
			this.delay.restart(packet, this.registers[receiveAbsoluteDelay >> 2] * delayUnit);
		} else {
			this.causes |= causeReceiveTimer;
		}
	}

	private stop(why: string): false {
		this.stopped = why;
		return false;
	}
}
