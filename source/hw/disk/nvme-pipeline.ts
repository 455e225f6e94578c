/**
The path of a command through an NVMe controller: fetch by round robin among the submission queues (NVMe base specification 1.4
§4.13.1), data over the link, the medium, completion entry, interrupt. A 4 KiB command takes one event for its transfer in (writes),
one for its completion (with its transfer out, reads), and a share of a fetch event; the rest is the medium's.
Fault point: `disk.command <name>` when a command is about to begin (subject: its sector; drop: never completes; delay; alter: completes
with status `value`).
*/
import {assert} from '../../engine/assert.js';
import type {Engine} from '../../engine/engine.js';
import {noHandle} from '../../engine/event-queue.js';
import {alter, delay, drop, type FaultPoint} from '../../engine/fault-points.js';
import {Step} from '../../engine/step.js';
import {type Dma, refused} from '../dma.js';
import {type Medium, mediumFlush, mediumRead, mediumWrite} from './medium.js';
import {NvmeArbiter} from './nvme-arbiter.js';
import {NvmeCommands, slotFree, slotHeld, slotMedium, slotScheduled, slotStuck, slotWaiting} from './nvme-commands.js';
import {type CompletionsOwner, NvmeCompletions} from './nvme-completions.js';
import {NvmeDecoder} from './nvme-decode.js';
import type {NvmeLog} from './nvme-log.js';
import type {NvmeOptions, NvmeTiming} from './nvme-options.js';
import type {NvmeQueues} from './nvme-queues.js';
import {read, write} from './nvme-registers.js';
import {abortedByQueueDeletion, abortRequested, commandIdConflict, invalidField, success} from './nvme-status.js';
import {NvmeTransfer} from './nvme-transfer.js';

const pageBytes = 4096;

/** What the pipeline needs of the controller around it. */
export interface PipelineOwner extends CompletionsOwner {
	/** Submission queue whose command `cid` it is → the request's identity for the trace. */
	requestIdentity: (queue: number, cid: number) => number;
	/** Runs the admin command in `slot`: a status, or `pending` when it completes later. */
	executeAdmin(slot: number): number;
	/** The last command of a queue being deleted is gone. */
	drained(queue: number): void;
}

export const pending = -1;

export class NvmePipeline {
	readonly commands: NvmeCommands;
	readonly decoder: NvmeDecoder;
	readonly arbiter: NvmeArbiter;
	readonly transfer: NvmeTransfer;
	readonly completions: NvmeCompletions;
	private running = false;
	private fetching = noHandle;
	/** When each direction of the link is free again. */
	private toDeviceFree = 0;
	private fromDeviceFree = 0;
	private readonly engine: Engine;
	private readonly dma: Dma;
	private readonly medium: Medium;
	private readonly queues: NvmeQueues;
	private readonly log: NvmeLog;
	private readonly owner: PipelineOwner;
	private readonly timing: NvmeTiming;
	private readonly commandFaults: FaultPoint;
	private readonly fetchStep: Step;
	private readonly beginStep: Step;
	private readonly arrivedStep: Step;
	private readonly transferStep: Step;
	private readonly completeStep: Step;
	private readonly adminStep: Step;
	private readonly pointMedium: number;
	private readonly pointTransfer: number;

	constructor(
		engine: Engine,
		dma: Dma,
		medium: Medium,
		queues: NvmeQueues,
		log: NvmeLog,
		owner: PipelineOwner,
		options: NvmeOptions,
	) {
		this.engine = engine;
		this.dma = dma;
		this.medium = medium;
		this.queues = queues;
		this.log = log;
		this.owner = owner;
		this.timing = options.timing;
		this.commands = new NvmeCommands(options.commands, options.maximumTransfer / pageBytes + 1);
		this.arbiter = new NvmeArbiter(queues, this.commands);
		this.decoder = new NvmeDecoder(this.commands, dma, medium, options);
		this.completions = new NvmeCompletions(engine, dma, queues, this.commands, log, owner, options.name);
		this.completions.onRelease = (slot) => this.release(slot);
		this.transfer = new NvmeTransfer(engine, dma, medium, this.commands, options.maximumTransfer);
		const {name} = options;
		this.commandFaults = engine.faults.point(`disk.command ${name}`, [name]);
		const step = (what: string, run: (argument: number) => void) =>
			new Step(`${name} ${what}`, engine.world, 0, false, run);
		this.fetchStep = step('fetch', () => this.fetchTurn());
		this.beginStep = step('begin', (slot) => this.begin(slot));
		this.arrivedStep = step('data arrived', (slot) => this.arrived(slot));
		this.transferStep = step('data delivered', (slot) => this.delivered(slot));
		this.completeStep = step('complete', (slot) => this.completions.post(slot));
		this.adminStep = step('admin command', (slot) => this.admin(slot));
		this.pointMedium = engine.trace.point(`${name} medium`);
		this.pointTransfer = engine.trace.point(`${name} transfer`);
	}

	/** Begins to fetch when doorbells ring. */
	start(): void {
		this.running = true;
	}

	/** Fetches nothing more; what is under way goes on. */
	pause(): void {
		this.running = false;
	}

	/** Everything under way is forgotten: nothing of it happens later. */
	stop(): void {
		this.running = false;
		this.engine.cancel(this.fetching);
		this.fetching = noHandle;
		this.arbiter.reset();
		const {commands} = this;
		for (let slot = 0; slot < commands.total; slot++) {
			if (commands.state[slot] === slotScheduled) {
				this.engine.cancel(commands.handle[slot]);
			}
		}

		commands.clear();
		this.completions.clear();
	}

	/** A tail doorbell announced work. */
	kick(): void {
		if (this.running && this.fetching === noHandle) {
			this.fetching = this.engine.after(this.timing.doorbell, this.fetchStep);
		}
	}

	/** The medium is done with `slot`. */
	mediumDone(slot: number, status: number): void {
		const {commands} = this;
		assert(commands.state[slot] === slotMedium, 'the medium finishes what it was given');
		if (status !== success) {
			this.log.mediaErrors++;
			this.complete(slot, status);
		} else if (commands.opcode[slot] === read) {
			const engine = this.engine;
			const duration = this.linkTime(commands.sectors[slot] * 512);
			this.fromDeviceFree = Math.max(engine.now + this.timing.linkLatency, this.fromDeviceFree) + duration;
			this.hop(slot, this.pointTransfer);
			this.schedule(slot, this.fromDeviceFree - engine.now + this.timing.completion, this.transferStep);
		} else {
			this.complete(slot, success);
		}
	}

	/** Completes a command with `status` after the time a completion takes. */
	complete(slot: number, status: number): void {
		this.commands.status[slot] = status;
		this.schedule(slot, this.timing.completion, this.completeStep);
	}

	/** Abort, §5.1: true when the command was found and will complete as aborted. */
	abort(queue: number, cid: number): boolean {
		const {commands} = this;
		for (let slot = 0; slot < commands.io; slot++) {
			if (commands.state[slot] !== slotFree && commands.queue[slot] === queue && commands.cid[slot] === cid) {
				return this.abortSlot(slot, abortRequested);
			}
		}

		return false;
	}

	/** Ends all commands of a submission queue being deleted, as far as they can be ended; `drained` is called when none is left. */
	drain(queue: number): void {
		const {commands} = this;
		for (let slot = 0; slot < commands.io; slot++) {
			if (commands.queue[slot] === queue && commands.state[slot] !== slotFree && commands.state[slot] !== slotWaiting) {
				this.abortSlot(slot, abortedByQueueDeletion);
			}
		}

		this.completions.drop(queue);
	}

	private schedule(slot: number, nanoseconds: number, step: Step): void {
		this.commands.state[slot] = slotScheduled;
		this.commands.handle[slot] = this.engine.after(nanoseconds, step, slot);
	}

	private linkTime(bytes: number): number {
		return bytes === pageBytes ? this.timing.linkFourKib : Math.ceil((bytes * this.timing.linkFourKib) / pageBytes);
	}

	private hop(slot: number, point: number): void {
		const identity = this.commands.identity[slot];
		if (identity !== 0) {
			this.engine.trace.hop(this.engine.now, identity, point, slot);
		}
	}

	/** One queue's turn: up to a burst of its commands. */
	private fetchTurn(): void {
		this.fetching = noHandle;
		const {arbiter} = this;
		const queue = arbiter.next();
		if (queue < 0) {
			return;
		}

		arbiter.turn = queue;
		let count = 0;
		while (count < arbiter.burst && arbiter.canFetch(queue)) {
			if (!this.fetchOne(queue)) {
				return;
			}

			count++;
		}

		if (this.running && arbiter.next() >= 0) {
			this.fetching = this.engine.after(count * this.timing.command, this.fetchStep);
		}
	}

	/** Fetches and starts one command; false when the controller failed over it. */
	private fetchOne(queue: number): boolean {
		const {commands} = this;
		const queues = this.queues;
		const head = queues.sqHead[queue];
		const frame = this.dma.reach(queues.sqFrame[queue] + (head >> 6), false);
		if (frame === refused) {
			this.owner.fatal();
			return false;
		}

		const words = this.dma.memory.words(frame);
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
		commands.identity[slot] = this.owner.requestIdentity(queue, cid);
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

			this.schedule(slot, this.timing.adminCommand, this.adminStep);
		} else {
			const status = this.decoder.decode(slot, words, at);
			if (status === success) {
				this.begin(slot, true);
			} else {
				this.complete(slot, status);
			}
		}

		return true;
	}

	/** Starts a checked I/O command. `fresh`: the fault point has not been asked yet, and PRP lists have just been read. */
	private begin(slot: number, fresh = false): void {
		const {commands} = this;
		const opcode = commands.opcode[slot];
		if (fresh) {
			const armed = this.commandFaults.armed;
			if (armed !== null) {
				const verdict = armed.decide(commands.sector[slot]);
				if (verdict === drop) {
					commands.state[slot] = slotStuck;
					return;
				}

				if (verdict === delay) {
					this.schedule(slot, armed.value, this.beginStep);
					return;
				}

				if (verdict === alter) {
					this.complete(slot, armed.value);
					return;
				}
			}
		}

		if (opcode === write) {
			const engine = this.engine;
			const lists = commands.sectors[slot] > 16 ? this.decoder.walker.listPages * this.timing.listFetch : 0;
			const duration = this.linkTime(commands.sectors[slot] * 512);
			this.toDeviceFree = Math.max(engine.now + this.timing.linkLatency + lists, this.toDeviceFree) + duration;
			this.schedule(slot, this.toDeviceFree - engine.now, this.arrivedStep);
		} else {
			commands.state[slot] = slotMedium;
			this.hop(slot, this.pointMedium);
			if (opcode === read) {
				this.medium.start(mediumRead, commands.sector[slot], commands.sectors[slot], slot, false);
			} else {
				this.medium.start(mediumFlush, 0, 0, slot, false);
			}
		}
	}

	/** A write's data has crossed the link: it is in the device now. */
	private arrived(slot: number): void {
		const {commands} = this;
		const status = this.transfer.move(slot, false);
		if (status !== success) {
			this.complete(slot, status);
			return;
		}

		this.log.writes++;
		this.log.sectorsWritten += commands.sectors[slot];
		commands.state[slot] = slotMedium;
		this.hop(slot, this.pointMedium);
		this.medium.start(
			mediumWrite,
			commands.sector[slot],
			commands.sectors[slot],
			slot,
			commands.forceUnitAccess[slot] === 1,
		);
	}

	/** A read's data has crossed the link: it is in memory now, and its completion follows it. */
	private delivered(slot: number): void {
		const {commands} = this;
		const status = this.transfer.move(slot, true);
		commands.status[slot] = status;
		if (status === success) {
			this.log.reads++;
			this.log.sectorsRead += commands.sectors[slot];
		}

		this.completions.post(slot);
	}

	private admin(slot: number): void {
		const {commands} = this;
		commands.state[slot] = slotHeld;
		const status = this.owner.executeAdmin(slot);
		if (status === pending) {
			return;
		}

		commands.status[slot] = status;
		this.completions.post(slot);
	}

	private release(slot: number): void {
		const {commands} = this;
		const queues = this.queues;
		const queue = commands.queue[slot];
		if (commands.ownsCid[slot] === 1) {
			queues.releaseCid(queue, commands.cid[slot]);
		}

		commands.release(slot);
		if (--queues.sqInFlight[queue] === 0 && queues.sqDeleting[queue] === 1) {
			this.owner.drained(queue);
		}

		if (this.arbiter.starved && this.running && this.fetching === noHandle) {
			this.fetching = this.engine.after(this.timing.command, this.fetchStep);
		}
	}

	private abortSlot(slot: number, status: number): boolean {
		const {commands} = this;
		if (commands.state[slot] === slotStuck || (commands.state[slot] === slotMedium && this.medium.cancel(slot))) {
			this.complete(slot, status);
			return true;
		}

		return false;
	}
}
