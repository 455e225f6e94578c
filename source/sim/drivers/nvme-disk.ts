/**
The I/O path of the NVMe driver: requests become commands in the submission queue, completions end them, in a handful of steps and without
a copy or an allocation. After Linux's drivers/nvme/host/pci.c (nvme_queue_rq, nvme_irq) and NVM Express base specification 1.4 §4 and §6.
What goes wrong is the business of nvme.ts.
*/
import {assert} from '../../engine/assert.js';
import type {Step} from '../../engine/step.js';
import {
	type BlockDevice,
	type BlockLimits,
	type BlockRequest,
	flushOperation,
	ioError,
	okay,
	readOperation,
	writeOperation,
} from '../kernel/block-device.js';
import {registerWrite} from '../kernel/cost.js';
import type {Kernel, PciDevice, Registers} from '../kernel/kernel.js';
import {NvmeBounce} from './nvme-bounce.js';
import {NvmeCommands, tagDone, tagFree, tagHeld, tagSent} from './nvme-commands.js';
import type {NvmeIdentity} from './nvme-controller.js';
import {nvmeCosts} from './nvme-costs.js';
import {NvmeCounters} from './nvme-counters.js';
import {NvmeEntryWriter} from './nvme-entry.js';
import {NvmeErrorLog} from './nvme-error-log.js';
import {limitsOf, type NvmeDiskOptions, unknownLimits} from './nvme-limits.js';
import {commandsNeeded, planBounced, planCommands} from './nvme-plan.js';
import {NvmePrpLists} from './nvme-prp.js';
import {NvmeQueuePair} from './nvme-queue.js';
import * as nvme from './nvme-registers.js';

/** What becomes of commands: `open` sends them, `held` keeps them until it is open again, `failing` ends them with EIO. */
export type DiskMode = 'held' | 'open' | 'failing';

export class NvmeDisk implements BlockDevice {
	readonly name: string;
	limits: BlockLimits = unknownLimits;
	mode: DiskMode = 'held';
	/** Requests in the driver's hands. */
	outstanding = 0;
	readonly counters = new NvmeCounters();
	/** The commands by tag; sized by `prepare`. */
	commands = new NvmeCommands(1);
	/** To be bound to the I/O queue's interrupt. */
	readonly interrupt: Step;
	readonly #kernel: Kernel;
	readonly #device: PciDevice;
	readonly #options: NvmeDiskOptions;
	/** Looks at commands whose time may be up; asked for once a timeout at most. */
	readonly #timeoutStep: Step;
	#watched = false;
	#registers: Registers | null = null;
	#io: NvmeQueuePair | null = null;
	#entry: NvmeEntryWriter | null = null;
	#bounce: NvmeBounce | null = null;
	#doorbell = 0;
	#completionDoorbell = 0;
	#waiters: (() => void)[] = [];
	#woken: (() => void)[] = [];
	readonly #errors: NvmeErrorLog;

	readonly #queueStep: Step;
	readonly #resendStep: Step;
	readonly #doorbellStep: Step;
	readonly #reapStep: Step;
	readonly #finishStep: Step;
	readonly #failStep: Step;
	readonly #copyInStep: Step;
	readonly #copyOutStep: Step;
	readonly #pointQueue: number;
	readonly #pointDoorbell: number;
	readonly #pointComplete: number;

	/** @param timeoutStep run when a command may have been out for the whole timeout; it calls `watchUntil` again. */
	constructor(kernel: Kernel, device: PciDevice, options: NvmeDiskOptions, timeoutStep: Step) {
		this.#kernel = kernel;
		this.#device = device;
		this.#options = options;
		this.#timeoutStep = timeoutStep;
		const {name} = device;
		this.name = `${name}n1`;
		this.#errors = new NvmeErrorLog(kernel, this.name);
		this.#queueStep = kernel.define(`${name} queue`, nvmeCosts.queue, (owner) => this.#queue(owner));
		this.#resendStep = kernel.define(`${name} queue again`, nvmeCosts.queue, (tag) => this.#resend(tag));
		this.#doorbellStep = kernel.define(`${name} doorbell`, registerWrite, (owner) => this.ring(owner));
		this.#reapStep = kernel.define(`${name} complete`, nvmeCosts.complete, (vector) => this.#reap(vector));
		this.#finishStep = kernel.define(`${name} finish`, nvmeCosts.finish, (vector) => this.#finish(vector));
		this.#failStep = kernel.define(`${name} fail`, nvmeCosts.fail, () => this.#failNext());
		this.#copyInStep = kernel.define(`${name} bounce in`, nvmeCosts.bounce, (owner) => this.#copyIn(owner));
		this.#copyOutStep = kernel.define(`${name} bounce out`, nvmeCosts.bounce, (owner) => this.#copyOut(owner));
		this.interrupt = kernel.define(`${name} interrupt`, nvmeCosts.interrupt, (vector) => {
			this.counters.interrupts++;
			if (!this.completionPending) this.counters.spuriousInterrupts++;
			this.#reap(vector);
		});
		this.#pointQueue = kernel.trace.point(`${name} queue`);
		this.#pointDoorbell = kernel.trace.point(`${name} doorbell`);
		this.#pointComplete = kernel.trace.point(`${name} driver`);
	}

	/** Sizes everything by what the controller is, the first time. Returns the queue pair to be created. */
	prepare(identity: NvmeIdentity, registers: Registers, stride: number): NvmeQueuePair {
		this.#registers = registers;
		this.#doorbell = nvme.submissionDoorbell(1, stride);
		this.#completionDoorbell = nvme.completionDoorbell(1, stride);
		if (this.#io !== null) return this.#io;
		this.limits = limitsOf(identity, this.#options.queueEntries);
		const {depth, bytes, logicalBlock} = this.limits;
		this.#io = new NvmeQueuePair(this.#kernel, 1, depth + 1);
		this.commands = new NvmeCommands(depth);
		const lists = new NvmePrpLists(this.#kernel, depth, bytes);
		if (logicalBlock > 512) this.#bounce = new NvmeBounce(this.#kernel, bytes, logicalBlock);
		this.#entry = new NvmeEntryWriter(lists, this.#bounce, identity.namespace, logicalBlock / 512);
		return this.#io;
	}

	/** Whether the device has ever worked. */
	get known(): boolean {
		return this.limits !== unknownLimits;
	}

	/** From now on commands are sent; who waited for room is woken. */
	open(): void {
		this.mode = 'open';
		this.wakeWaiters();
	}

	/** Ends every request here with EIO, one a step, and every later one. */
	fail(): void {
		this.mode = 'failing';
		this.#kernel.step(this.#failStep);
	}

	submit(request: BlockRequest): boolean {
		if (!this.known) return false;
		const commands = this.commands;
		const data = request.operation !== flushOperation;
		if (data && this.#bounce?.isNeeded(request, this.limits.bytes)) return this.#submitBounced(request);
		const needed = commandsNeeded(request, this.limits.bytes);
		if (commands.free < needed) return false;
		const owner = planCommands(commands, request, needed, this.limits.bytes);
		this.outstanding++;
		if (needed > 1) this.counters.splits++;
		this.#kernel.step(this.#queueStep, owner, (needed - 1) * this.#queueStep.cost);
		this.#kernel.step(this.#doorbellStep, owner);
		return true;
	}

	whenRoom(wake: () => void): void {
		this.#waiters.push(wake);
	}

	/** A completion lies in the queue. */
	get completionPending(): boolean {
		return this.#io?.pending ?? false;
	}

	/** Takes the completion at the head of the queue. */
	takeCompletion(): void {
		if (this.#io?.pending) this.#take(this.#io);
	}

	/** Ends a command that the controller can no longer carry out, without it. */
	giveUp(tag: number): void {
		this.#complete(tag, ioError);
	}

	/** Sends a held command; `ring` announces it. */
	sendAgain(tag: number): boolean {
		const request = this.commands.requests[this.commands.owner[tag]];
		if (this.commands.state[tag] !== tagHeld || request === null || this.mode !== 'open') return false;
		this.#send(tag, request);
		return true;
	}

	/** Has the timeout step run `nanoseconds` from now, unless it is going to run anyway. */
	watchUntil(nanoseconds: number): void {
		if (this.#watched) return;
		this.#watched = true;
		this.#kernel.timer(nanoseconds, this.#timeoutStep);
	}

	/** The timeout step is running. */
	watchEnded(): void {
		this.#watched = false;
	}

	#submitBounced(request: BlockRequest): boolean {
		const commands = this.commands;
		const buffer = commands.free > 0 ? (this.#bounce?.take() ?? -1) : -1;
		if (buffer < 0) return false;
		const owner = planBounced(commands, request, buffer);
		const {bytes} = request;
		this.outstanding++;
		this.counters.bounces++;
		if (request.operation === writeOperation) this.#kernel.step(this.#copyInStep, owner, this.#copyTime(bytes));
		this.#kernel.step(this.#queueStep, owner);
		this.#kernel.step(this.#doorbellStep, owner);
		return true;
	}

	#copyIn(owner: number): void {
		const request = this.commands.requests[owner];
		if (request !== null) this.#bounce?.copy(request, this.commands.bounce[owner], true);
	}

	/** What copying `bytes` takes beyond the copy step's own 4 KiB. */
	#copyTime(bytes: number): number {
		return (Math.ceil(bytes / 4096) - 1) * this.#copyInStep.cost;
	}

	#queue(owner: number): void {
		const commands = this.commands;
		const request = commands.requests[owner];
		if (request === null) return;
		if (this.mode === 'failing') {
			this.#end(owner, ioError);
			return;
		}

		const nothing =
			request.operation === flushOperation
				? !this.limits.volatileCache
				: commands.bytes[owner] === 0 && request.segments === 0;
		if (nothing) {
			this.#end(owner, okay);
			return;
		}

		if (this.mode !== 'open') return;
		for (let tag = owner; tag >= 0; tag = commands.next[tag]) {
			if (commands.state[tag] === tagHeld) this.#send(tag, request);
		}
	}

	#resend(tag: number): void {
		const commands = this.commands;
		const owner = commands.owner[tag];
		const request = commands.requests[owner];
		if (commands.state[tag] === tagHeld && request !== null && this.mode === 'open') {
			this.#send(tag, request);
			this.#kernel.step(this.#doorbellStep, owner);
		}
	}

	/** Writes a held command into the submission queue. */
	#send(tag: number, request: BlockRequest): void {
		const commands = this.commands;
		const io = this.#io;
		const entry = this.#entry;
		assert(io !== null && entry !== null, 'an open disk has queues');
		entry.write(io.submission.words, io.entry, commands, tag, request);
		const now = this.#kernel.now();
		this.#kernel.trace.hop(now, request.identity, this.#pointQueue, io.tail);
		io.push();
		commands.state[tag] = tagSent;
		commands.aborted[tag] = 0;
		commands.deadline[tag] = now + this.#options.ioTimeout;
		this.counters.commands++;
		this.watchUntil(this.#options.ioTimeout);
	}

	/** Tells the controller how far the submission queue is filled. */
	ring(owner: number): void {
		const io = this.#io;
		if (io === null || this.mode !== 'open' || io.announced === io.tail) return;
		io.announced = io.tail;
		this.#registers?.write32(this.#doorbell, io.tail);
		const request = this.commands.requests[owner];
		if (request !== null) this.#kernel.trace.hop(this.#kernel.now(), request.identity, this.#pointDoorbell, io.tail);
	}

	/** Takes one completion, if there is one, and decides what comes next. */
	#reap(vector: number): void {
		const io = this.#io;
		if (io?.pending) this.#take(io);
		this.#kernel.step(io?.pending ? this.#reapStep : this.#finishStep, vector);
	}

	/** The interrupt is over. */
	#finish(vector: number): void {
		this.release();
		this.#device.endOfInterrupt(vector);
	}

	/** Tells the controller how far its completions have been taken. */
	release(): void {
		const io = this.#io;
		if (io === null || !io.taken || this.mode !== 'open') return;
		io.taken = false;
		this.#registers?.write32(this.#completionDoorbell, io.head);
	}

	#take(io: NvmeQueuePair): void {
		const commands = this.commands;
		const word = io.status;
		io.pop();
		const tag = commands.tagOf(word & 0xffff);
		if (tag < 0) {
			this.counters.unexpected++;
			this.#kernel.log(
				'warning',
				`nvme ${this.#device.name}: completion for command 0x${(word & 0xffff).toString(16)}, which is not outstanding`,
			);
			return;
		}

		this.counters.completions++;
		const status = nvme.statusOf(word);
		if (status === 0) {
			this.#complete(tag, okay);
		} else if (!nvme.isFinal(word) && commands.retries[tag] < this.#options.maximumRetries) {
			commands.retries[tag]++;
			this.counters.retries++;
			commands.state[tag] = tagHeld;
			this.#kernel.step(this.#resendStep, tag);
		} else {
			const operation = commands.requests[commands.owner[tag]]?.operation ?? readOperation;
			this.#errors.add(operation, commands.bytes[tag], commands.sector[tag], status);
			this.#complete(tag, ioError);
		}
	}

	/** One command is over; with the last of its request the request is. */
	#complete(tag: number, error: number): void {
		const commands = this.commands;
		const owner = commands.owner[tag];
		commands.state[tag] = tagDone;
		if (error !== okay) commands.error[owner] = error;
		if (--commands.open[owner] > 0) return;
		const request = commands.requests[owner];
		if (commands.bounce[owner] >= 0 && request?.operation === readOperation && commands.error[owner] === okay) {
			this.#kernel.step(this.#copyOutStep, owner, this.#copyTime(commands.bytes[owner]));
			return;
		}

		this.#end(owner, commands.error[owner]);
	}

	#copyOut(owner: number): void {
		const commands = this.commands;
		const request = commands.requests[owner];
		if (request === null) return;
		this.#bounce?.copy(request, commands.bounce[owner], false);
		this.#end(owner, okay);
	}

	/** The request is over: frees its tags and hands it back. */
	#end(owner: number, status: number): void {
		const commands = this.commands;
		const request = commands.requests[owner];
		assert(request !== null, 'a request ends once');
		commands.requests[owner] = null;
		if (commands.bounce[owner] >= 0) {
			this.#bounce?.give(commands.bounce[owner]);
			commands.bounce[owner] = -1;
		}

		let tag = owner;
		while (tag >= 0) {
			const next = commands.next[tag];
			commands.give(tag);
			tag = next;
		}

		this.outstanding--;
		if (status !== okay) this.counters.errors++;
		this.#kernel.trace.hop(this.#kernel.now(), request.identity, this.#pointComplete, owner);
		request.done(request, status);
		if (this.#waiters.length > 0) this.wakeWaiters();
	}

	wakeWaiters(): void {
		const waiting = this.#waiters;
		this.#waiters = this.#woken;
		this.#woken = waiting;
		for (const wake of waiting) wake();
		waiting.length = 0;
	}

	/** Fails one request that is still here, and goes on with the next. */
	#failNext(): void {
		const commands = this.commands;
		if (this.mode !== 'failing') return;
		for (let tag = 0; tag < commands.tags; tag++) {
			if (commands.state[tag] !== tagFree && commands.requests[tag] !== null) {
				this.#end(tag, ioError);
				this.#kernel.step(this.#failStep);
				return;
			}
		}
	}
}
