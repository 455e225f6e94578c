/**
The path of a command through an NVMe controller: fetch by round robin among the submission queues (NVMe base specification 1.4
§4.13.1), data over the link, the medium, completion entry, interrupt. A 4 KiB command takes one event for its transfer in (writes),
one for its completion (with its transfer out, reads), and a share of a fetch event; the rest is the medium's.
Fault points: `disk.command <name>` when a command is about to begin (subject: its sector; drop: never completes; delay; alter: completes
with status `value`), `disk.completion <name>` (drop: the entry is not written; alter 1: written twice; alter 2: with a stale phase).
*/
import {assert} from '../../engine/assert.js';
import type {Engine} from '../../engine/engine.js';
import {noHandle} from '../../engine/event-queue.js';
import {alter, delay, drop, type FaultPoint} from '../../engine/fault-points.js';
import {Step} from '../../engine/step.js';
import {type Dma, refused} from '../dma.js';
import {type Medium, mediumFlush, mediumRead, mediumWrite} from './medium.js';
import {
	NvmeCommands,
	slotEvent,
	slotFree,
	slotHeld,
	slotMedium,
	slotScheduled,
	slotStuck,
	slotWaiting,
} from './nvme-commands.js';
import type {NvmeLog} from './nvme-log.js';
import type {NvmeOptions, NvmeTiming} from './nvme-options.js';
import {PrpWalker} from './nvme-prp.js';
import type {NvmeQueues} from './nvme-queues.js';
import {flush, read, write} from './nvme-registers.js';
import {
	abortedByQueueDeletion,
	abortRequested,
	commandIdConflict,
	doNotRetry,
	invalidField,
	invalidNamespace,
	invalidOpcode,
	lbaOutOfRange,
	success,
} from './nvme-status.js';
import {NvmeTransfer} from './nvme-transfer.js';

const pageBytes = 4096;

/** What the pipeline needs of the controller around it. */
export interface PipelineOwner {
	/** Submission queue whose command `cid` it is → the request's identity for the trace. */
	requestIdentity: (queue: number, cid: number) => number;
	/** Runs the admin command in `slot`: a status, or `pending` when it completes later. */
	executeAdmin(slot: number): number;
	/** An entry was posted to this completion queue. */
	posted(completionQueue: number): void;
	/** The last command of a queue being deleted is gone. */
	drained(queue: number): void;
	/** The controller cannot go on: CSTS.CFS. */
	fatal(): void;
}

export const pending = -1;

export class NvmePipeline {
	readonly commands: NvmeCommands;
	readonly walker: PrpWalker;
	readonly transfer: NvmeTransfer;
	/** Commands one queue may have fetched in its turn: feature 01h. */
	burst = 8;
	#running = false;
	#fetching = noHandle;
	#turn = 0;
	/** Work was left in queues because slots ran out. */
	#starved = false;
	/** When each direction of the link is free again. */
	#toDeviceFree = 0;
	#fromDeviceFree = 0;
	readonly #engine: Engine;
	readonly #dma: Dma;
	readonly #medium: Medium;
	readonly #queues: NvmeQueues;
	readonly #log: NvmeLog;
	readonly #owner: PipelineOwner;
	readonly #timing: NvmeTiming;
	readonly #blockSectors: number;
	readonly #maximumSectors: number;
	/** First and last slot waiting for room, by completion queue; -1 when none. */
	readonly #waitingFirst: Int32Array;
	readonly #waitingLast: Int32Array;
	readonly #commandFaults: FaultPoint;
	readonly #completionFaults: FaultPoint;
	readonly #fetchStep: Step;
	readonly #beginStep: Step;
	readonly #arrivedStep: Step;
	readonly #transferStep: Step;
	readonly #completeStep: Step;
	readonly #adminStep: Step;
	readonly #pointMedium: number;
	readonly #pointTransfer: number;
	readonly #pointCompletion: number;

	constructor(
		engine: Engine,
		dma: Dma,
		medium: Medium,
		queues: NvmeQueues,
		log: NvmeLog,
		owner: PipelineOwner,
		options: NvmeOptions,
	) {
		this.#engine = engine;
		this.#dma = dma;
		this.#medium = medium;
		this.#queues = queues;
		this.#log = log;
		this.#owner = owner;
		this.#timing = options.timing;
		this.#blockSectors = options.logicalBlock / 512;
		this.#maximumSectors = options.maximumTransfer / 512;
		this.commands = new NvmeCommands(options.commands, options.maximumTransfer / pageBytes + 1);
		this.walker = new PrpWalker(dma);
		this.transfer = new NvmeTransfer(engine, dma, medium, this.commands, options.maximumTransfer);
		this.#waitingFirst = new Int32Array(queues.pairs).fill(-1);
		this.#waitingLast = new Int32Array(queues.pairs).fill(-1);
		const {name} = options;
		this.#commandFaults = engine.faults.point(`disk.command ${name}`, [name]);
		this.#completionFaults = engine.faults.point(`disk.completion ${name}`, [name]);
		const step = (what: string, run: (argument: number) => void) =>
			new Step(`${name} ${what}`, engine.world, 0, false, run);
		this.#fetchStep = step('fetch', () => this.#fetch());
		this.#beginStep = step('begin', (slot) => this.#begin(slot));
		this.#arrivedStep = step('data arrived', (slot) => this.#arrived(slot));
		this.#transferStep = step('data delivered', (slot) => this.#delivered(slot));
		this.#completeStep = step('complete', (slot) => this.#post(slot));
		this.#adminStep = step('admin command', (slot) => this.#admin(slot));
		this.#pointMedium = engine.trace.point(`${name} medium`);
		this.#pointTransfer = engine.trace.point(`${name} transfer`);
		this.#pointCompletion = engine.trace.point(`${name} completion`);
	}

	/** Begins to fetch when doorbells ring. */
	start(): void {
		this.#running = true;
	}

	/** Fetches nothing more; what is under way goes on. */
	pause(): void {
		this.#running = false;
	}

	/** Everything under way is forgotten: nothing of it happens later. */
	stop(): void {
		this.#running = false;
		this.#engine.cancel(this.#fetching);
		this.#fetching = noHandle;
		this.#starved = false;
		this.#turn = 0;
		const {commands} = this;
		for (let slot = 0; slot < commands.total; slot++) {
			if (commands.state[slot] === slotScheduled) {
				this.#engine.cancel(commands.handle[slot]);
			}
		}

		commands.clear();
		this.#waitingFirst.fill(-1);
		this.#waitingLast.fill(-1);
	}

	/** A tail doorbell announced work. */
	kick(): void {
		if (this.#running && this.#fetching === noHandle) {
			this.#fetching = this.#engine.after(this.#timing.doorbell, this.#fetchStep);
		}
	}

	/** The driver consumed entries: posts what waited for room. */
	roomIn(completionQueue: number): void {
		const {commands} = this;
		let slot = this.#waitingFirst[completionQueue];
		while (slot >= 0 && commands.state[slot] === slotWaiting && !this.#queues.completionFull(completionQueue)) {
			const next = commands.next[slot];
			this.#waitingFirst[completionQueue] = next;
			this.#post(slot);
			slot = next;
		}

		if (this.#waitingFirst[completionQueue] < 0) {
			this.#waitingLast[completionQueue] = -1;
		}
	}

	/** The medium is done with `slot`. */
	mediumDone(slot: number, status: number): void {
		const {commands} = this;
		assert(commands.state[slot] === slotMedium, 'the medium finishes what it was given');
		if (status !== success) {
			this.#log.mediaErrors++;
			this.complete(slot, status);
		} else if (commands.opcode[slot] === read) {
			const engine = this.#engine;
			const duration = this.#linkTime(commands.sectors[slot] * 512);
			this.#fromDeviceFree = Math.max(engine.now + this.#timing.linkLatency, this.#fromDeviceFree) + duration;
			this.#hop(slot, this.#pointTransfer);
			this.#schedule(slot, this.#fromDeviceFree - engine.now + this.#timing.completion, this.#transferStep);
		} else {
			this.complete(slot, success);
		}
	}

	/** Completes a command with `status` after the time a completion takes. */
	complete(slot: number, status: number): void {
		this.commands.status[slot] = status;
		this.#schedule(slot, this.#timing.completion, this.#completeStep);
	}

	/** Abort, §5.1: true when the command was found and will complete as aborted. */
	abort(queue: number, cid: number): boolean {
		const {commands} = this;
		for (let slot = 0; slot < commands.io; slot++) {
			if (commands.state[slot] !== slotFree && commands.queue[slot] === queue && commands.cid[slot] === cid) {
				return this.#abortSlot(slot, abortRequested);
			}
		}

		return false;
	}

	/** Ends all commands of a submission queue being deleted, as far as they can be ended; `drained` is called when none is left. */
	drain(queue: number): void {
		const {commands} = this;
		for (let slot = 0; slot < commands.io; slot++) {
			if (commands.queue[slot] === queue && commands.state[slot] !== slotFree && commands.state[slot] !== slotWaiting) {
				this.#abortSlot(slot, abortedByQueueDeletion);
			}
		}

		const completion = this.#queues.sqCompletion[queue];
		let before = -1;
		let slot = this.#waitingFirst[completion];
		while (slot >= 0) {
			const next = commands.next[slot];
			if (commands.queue[slot] === queue) {
				if (before < 0) {
					this.#waitingFirst[completion] = next;
				} else {
					commands.next[before] = next;
				}

				if (next < 0) {
					this.#waitingLast[completion] = before;
				}

				this.#release(slot);
			} else {
				before = slot;
			}

			slot = next;
		}
	}

	#schedule(slot: number, nanoseconds: number, step: Step): void {
		this.commands.state[slot] = slotScheduled;
		this.commands.handle[slot] = this.#engine.after(nanoseconds, step, slot);
	}

	#linkTime(bytes: number): number {
		return bytes === pageBytes ? this.#timing.linkFourKib : Math.ceil((bytes * this.#timing.linkFourKib) / pageBytes);
	}

	#hop(slot: number, point: number): void {
		const identity = this.commands.identity[slot];
		if (identity !== 0) {
			this.#engine.trace.hop(this.#engine.now, identity, point, slot);
		}
	}

	/** One queue's turn: up to a burst of its commands. */
	#fetch(): void {
		this.#fetching = noHandle;
		const queues = this.#queues;
		const queue = this.#nextWithWork();
		if (queue < 0) {
			return;
		}

		this.#turn = queue;
		let count = 0;
		while (count < this.burst && queues.hasWork(queue) && this.commands.hasFree(queue === 0)) {
			if (!this.#fetchOne(queue)) {
				return;
			}

			count++;
		}

		if (this.#running && this.#nextWithWork() >= 0) {
			this.#fetching = this.#engine.after(count * this.#timing.command, this.#fetchStep);
		}
	}

	/** The next queue after the last one served that has a command and a slot to take it; -1 when none. */
	#nextWithWork(): number {
		const queues = this.#queues;
		let queue = this.#turn;
		for (let n = 0; n < queues.pairs; n++) {
			queue = queue + 1 < queues.pairs ? queue + 1 : 0;
			if (queues.hasWork(queue)) {
				if (this.commands.hasFree(queue === 0)) {
					return queue;
				}

				this.#starved = true;
			}
		}

		return -1;
	}

	/** Fetches and starts one command; false when the controller failed over it. */
	#fetchOne(queue: number): boolean {
		const {commands} = this;
		const queues = this.#queues;
		const head = queues.sqHead[queue];
		const frame = this.#dma.reach(queues.sqFrame[queue] + (head >> 6), false);
		if (frame === refused) {
			this.#owner.fatal();
			return false;
		}

		const words = this.#dma.memory.words(frame);
		const at = (head & 63) * 16;
		queues.advanceHead(queue);
		const first = words[at];
		const cid = first >>> 16;
		const slot = commands.take(queue === 0);
		commands.queue[slot] = queue;
		commands.cid[slot] = cid;
		commands.opcode[slot] = first & 0xff;
		commands.result[slot] = 0;
		commands.sector[slot] = 0;
		commands.sectors[slot] = 0;
		commands.identity[slot] = this.#owner.requestIdentity(queue, cid);
		queues.sqInFlight[queue]++;
		const unique = queues.takeCid(queue, cid);
		commands.ownsCid[slot] = unique ? 1 : 0;
		if (!unique) {
			this.complete(slot, commandIdConflict);
		} else if ((first & 0xff00) !== 0) {
			this.complete(slot, invalidField);
		} else if (queue === 0) {
			const copy = (slot - commands.io) * 16;
			for (let i = 0; i < 16; i++) {
				commands.adminWords[copy + i] = words[at + i];
			}

			this.#schedule(slot, this.#timing.adminCommand, this.#adminStep);
		} else {
			const status = this.#decode(slot, words, at);
			if (status === success) {
				this.#begin(slot, true);
			} else {
				this.complete(slot, status);
			}
		}

		return true;
	}

	/** Checks an I/O command and notes what it asks for. A status. */
	#decode(slot: number, words: Int32Array, at: number): number {
		const {commands} = this;
		const opcode = commands.opcode[slot];
		const namespace = words[at + 1];
		if (opcode === flush) {
			return namespace === 1 || namespace === -1 ? success : invalidNamespace;
		}

		if (opcode !== read && opcode !== write) {
			return invalidOpcode;
		}

		if (namespace !== 1) {
			return invalidNamespace;
		}

		const control = words[at + 12];
		const sectors = ((control & 0xffff) + 1) * this.#blockSectors;
		if (sectors > this.#maximumSectors) {
			return invalidField;
		}

		const block = (words[at + 11] >>> 0) * 4_294_967_296 + (words[at + 10] >>> 0);
		const sector = block * this.#blockSectors;
		if (sector + sectors > this.#medium.sectors) {
			return lbaOutOfRange;
		}

		commands.sector[slot] = sector;
		commands.sectors[slot] = sectors;
		commands.forceUnitAccess[slot] = (control >>> 30) & 1;
		commands.offset[slot] = words[at + 6] & (pageBytes - 1);
		return this.walker.walk(
			words[at + 6],
			words[at + 7],
			words[at + 8],
			words[at + 9],
			sectors * 512,
			commands.frames,
			slot * commands.pagesPerSlot,
		);
	}

	/** Starts a checked I/O command. `fresh`: the fault point has not been asked yet, and PRP lists have just been read. */
	#begin(slot: number, fresh = false): void {
		const {commands} = this;
		const opcode = commands.opcode[slot];
		if (fresh) {
			const armed = this.#commandFaults.armed;
			if (armed !== null) {
				const verdict = armed.decide(commands.sector[slot]);
				if (verdict === drop) {
					commands.state[slot] = slotStuck;
					return;
				}

				if (verdict === delay) {
					this.#schedule(slot, armed.value, this.#beginStep);
					return;
				}

				if (verdict === alter) {
					this.complete(slot, armed.value);
					return;
				}
			}
		}

		if (opcode === write) {
			const engine = this.#engine;
			const lists = commands.sectors[slot] > 16 ? this.walker.listPages * this.#timing.listFetch : 0;
			const duration = this.#linkTime(commands.sectors[slot] * 512);
			this.#toDeviceFree = Math.max(engine.now + this.#timing.linkLatency + lists, this.#toDeviceFree) + duration;
			this.#schedule(slot, this.#toDeviceFree - engine.now, this.#arrivedStep);
		} else {
			commands.state[slot] = slotMedium;
			this.#hop(slot, this.#pointMedium);
			if (opcode === read) {
				this.#medium.start(mediumRead, commands.sector[slot], commands.sectors[slot], slot, false);
			} else {
				this.#medium.start(mediumFlush, 0, 0, slot, false);
			}
		}
	}

	/** A write's data has crossed the link: it is in the device now. */
	#arrived(slot: number): void {
		const {commands} = this;
		const status = this.transfer.move(slot, false);
		if (status !== success) {
			this.complete(slot, status);
			return;
		}

		this.#log.writes++;
		this.#log.sectorsWritten += commands.sectors[slot];
		commands.state[slot] = slotMedium;
		this.#hop(slot, this.#pointMedium);
		this.#medium.start(
			mediumWrite,
			commands.sector[slot],
			commands.sectors[slot],
			slot,
			commands.forceUnitAccess[slot] === 1,
		);
	}

	/** A read's data has crossed the link: it is in memory now, and its completion follows it. */
	#delivered(slot: number): void {
		const {commands} = this;
		const status = this.transfer.move(slot, true);
		commands.status[slot] = status;
		if (status === success) {
			this.#log.reads++;
			this.#log.sectorsRead += commands.sectors[slot];
		}

		this.#post(slot);
	}

	#admin(slot: number): void {
		const {commands} = this;
		commands.state[slot] = slotHeld;
		const status = this.#owner.executeAdmin(slot);
		if (status === pending) {
			return;
		}

		commands.status[slot] = status;
		this.#post(slot);
	}

	/** Writes the completion entry and says so; or waits for room. */
	#post(slot: number): void {
		const {commands} = this;
		const queues = this.#queues;
		const queue = commands.queue[slot];
		const completion = queues.sqCompletion[queue];
		if (queues.completionFull(completion)) {
			commands.state[slot] = slotWaiting;
			commands.next[slot] = -1;
			const last = this.#waitingLast[completion];
			if (last < 0) {
				this.#waitingFirst[completion] = slot;
			} else {
				commands.next[last] = slot;
			}

			this.#waitingLast[completion] = slot;
			return;
		}

		const status = commands.status[slot];
		if (status !== success) {
			this.#log.addError(queue, commands.cid[slot], status, commands.sector[slot], queue === 0 ? 0 : 1);
		}

		let copies = 1;
		let phase = queues.cqPhase[completion];
		const armed = this.#completionFaults.armed;
		if (armed !== null) {
			const verdict = armed.decide(commands.cid[slot]);
			if (verdict === drop) {
				copies = 0;
			} else if (verdict === alter && armed.value === 2) {
				phase ^= 1;
			} else if (verdict === alter) {
				copies = 2;
			}
		}

		for (let n = 0; n < copies && !queues.completionFull(completion); n++) {
			const tail = queues.cqTail[completion];
			const frame = this.#dma.reach(queues.cqFrame[completion] + (tail >> 8), true);
			if (frame === refused) {
				this.#owner.fatal();
				return;
			}

			const words = this.#dma.memory.words(frame);
			const at = (tail & 255) * 4;
			words[at] = commands.result[slot];
			words[at + 1] = 0;
			words[at + 2] = queues.sqHead[queue] | (queue << 16);
			words[at + 3] = commands.cid[slot] | (phase << 16) | (status << 17) | (doNotRetry(status) ? 1 << 31 : 0);
			queues.advanceTail(completion);
			phase = queues.cqPhase[completion];
		}

		this.#engine.hash.word((queue << 16) | commands.cid[slot]);
		this.#engine.hash.word(status);
		this.#hop(slot, this.#pointCompletion);
		this.#release(slot);
		if (copies > 0) {
			this.#owner.posted(completion);
		}
	}

	#release(slot: number): void {
		const {commands} = this;
		const queues = this.#queues;
		const queue = commands.queue[slot];
		if (commands.ownsCid[slot] === 1) {
			queues.releaseCid(queue, commands.cid[slot]);
		}

		commands.release(slot);
		if (--queues.sqInFlight[queue] === 0 && queues.sqDeleting[queue] === 1) {
			this.#owner.drained(queue);
		}

		if (this.#starved) {
			this.#starved = false;
			if (this.#running && this.#fetching === noHandle) {
				this.#fetching = this.#engine.after(this.#timing.command, this.#fetchStep);
			}
		}
	}

	#abortSlot(slot: number, status: number): boolean {
		const {commands} = this;
		if (commands.state[slot] === slotStuck || (commands.state[slot] === slotMedium && this.#medium.cancel(slot))) {
			this.complete(slot, status);
			return true;
		}

		return false;
	}

	/** An asynchronous event request waits in `slot`; `pending`, for its status. */
	holdForEvent(slot: number): number {
		this.commands.state[slot] = slotEvent;
		return pending;
	}
}
