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
import {NvmeCommands, tagDone, tagFree, tagHeld, tagLimit, tagSent} from './nvme-commands.js';
import type {NvmeIdentity} from './nvme-controller.js';
import {nvmeCosts} from './nvme-costs.js';
import {NvmeCounters} from './nvme-counters.js';
import {NvmeErrorLog} from './nvme-error-log.js';
import {commandEnd, NvmePrpLists} from './nvme-prp.js';
import {NvmeQueuePair} from './nvme-queue.js';
import * as nvme from './nvme-registers.js';

/** What becomes of commands: `open` sends them, `held` keeps them until it is open again, `failing` ends them with EIO. */
export type DiskMode = 'held' | 'open' | 'failing';

export interface NvmeDiskOptions {
	/** How long a command may take, ns. */
	readonly ioTimeout: number;
	/** Entries of the I/O queue. */
	readonly queueEntries: number;
	/** How often a command that failed without Do Not Retry is sent again. */
	readonly maximumRetries: number;
}

const unknownLimits: BlockLimits = {
	sectors: 0,
	bytes: 0,
	segments: 0,
	depth: 0,
	logicalBlock: 512,
	volatileCache: false,
	forceUnitAccess: false,
	readonly: false,
};

/** Largest transfer the driver asks for when the controller would take more: 128 KiB, 33 pages. */
const largestTransfer = 131_072;
const highUnit = 4_294_967_296;

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
	#lists: NvmePrpLists | null = null;
	#bounce: NvmeBounce | null = null;
	#namespace = 0;
	#blockSectors = 1;
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
		this.#namespace = identity.namespace;
		this.#doorbell = nvme.submissionDoorbell(1, stride);
		this.#completionDoorbell = nvme.completionDoorbell(1, stride);
		if (this.#io !== null) return this.#io;
		const entries = Math.min(this.#options.queueEntries, identity.entries, tagLimit);
		const bytes = Math.min(identity.maximumTransfer || largestTransfer, largestTransfer);
		const tags = entries - 1;
		this.#io = new NvmeQueuePair(this.#kernel, 1, entries);
		this.commands = new NvmeCommands(tags);
		this.#lists = new NvmePrpLists(this.#kernel, tags, bytes);
		this.#blockSectors = identity.logicalBlock / 512;
		if (this.#blockSectors > 1) this.#bounce = new NvmeBounce(this.#kernel, bytes, identity.logicalBlock);
		this.limits = {
			sectors: identity.sectors,
			bytes,
			segments: Math.min(bytes / 4096 + 1, tags),
			depth: tags,
			logicalBlock: identity.logicalBlock,
			volatileCache: identity.volatileCache,
			forceUnitAccess: true,
			readonly: false,
		};
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
		let needed = 1;
		if (data && request.segments > 1) {
			let end = commandEnd(request, 0, this.limits.bytes);
			while (end < request.segments) {
				end = commandEnd(request, end, this.limits.bytes);
				needed++;
			}
		}

		if (commands.free < needed) return false;
		const owner = this.#accept(request, needed);
		let last = owner;
		let from = 0;
		let {sector} = request;
		for (let n = 0; n < needed; n++) {
			const tag = n === 0 ? owner : commands.take();
			if (n > 0) commands.next[last] = tag;
			last = tag;
			const end = data && request.segments > 0 ? commandEnd(request, from, this.limits.bytes) : 0;
			let bytes = 0;
			for (let i = from; i < end; i++) bytes += request.lengths[i];
			commands.owner[tag] = owner;
			commands.firstSegment[tag] = from;
			commands.segments[tag] = end - from;
			commands.sector[tag] = sector;
			commands.bytes[tag] = bytes;
			from = end;
			sector += bytes >>> 9;
		}

		if (needed > 1) this.counters.splits++;
		this.#kernel.step(this.#queueStep, owner, (needed - 1) * this.#queueStep.cost);
		this.#kernel.step(this.#doorbellStep, owner);
		return true;
	}

	whenRoom(wake: () => void): void {
		this.#waiters.push(wake);
	}

	requestIdentity(queue: number, cid: number): number {
		const commands = this.commands;
		const tag = queue === 1 ? commands.tagOf(cid) : -1;
		return tag < 0 ? 0 : (commands.requests[commands.owner[tag]]?.identity ?? 0);
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

	/** Takes the request in: its owner tag, with `needed` commands to come. */
	#accept(request: BlockRequest, needed: number): number {
		const commands = this.commands;
		const owner = commands.take();
		commands.owner[owner] = owner;
		commands.requests[owner] = request;
		commands.open[owner] = needed;
		commands.error[owner] = okay;
		this.outstanding++;
		return owner;
	}

	#submitBounced(request: BlockRequest): boolean {
		const commands = this.commands;
		const buffer = commands.free > 0 ? (this.#bounce?.take() ?? -1) : -1;
		if (buffer < 0) return false;
		const owner = this.#accept(request, 1);
		const {bytes} = request;
		commands.bounce[owner] = buffer;
		commands.firstSegment[owner] = 0;
		commands.segments[owner] = request.segments;
		commands.sector[owner] = request.sector;
		commands.bytes[owner] = bytes;
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
		const lists = this.#lists;
		assert(io !== null && lists !== null, 'a live controller has queues');
		const {words} = io.submission;
		const at = io.entry;
		const {operation} = request;
		words[at + 1] = this.#namespace;
		let opcode = nvme.flushCommand;
		if (operation === flushOperation) {
			words.fill(0, at + 6, at + 13);
		} else {
			const reads = operation === readOperation;
			opcode = reads ? nvme.readCommand : nvme.writeCommand;
			const buffer = commands.bounce[commands.owner[tag]];
			if (buffer >= 0 && this.#bounce !== null) {
				lists.describeMemory(words, at, this.#bounce.address(buffer), commands.bytes[tag], tag);
			} else {
				const direction = reads ? 'fromDevice' : 'toDevice';
				lists.describe(words, at, request, commands.firstSegment[tag], commands.segments[tag], direction, tag);
			}

			const block = commands.sector[tag] / this.#blockSectors;
			words[at + 10] = block | 0;
			words[at + 11] = Math.floor(block / highUnit);
			words[at + 12] =
				((commands.bytes[tag] >>> 9) / this.#blockSectors - 1) |
				(request.forceUnitAccess && !reads ? nvme.forceUnitAccessBit : 0);
		}

		words[at] = opcode | (commands.newIdentifier(tag) << 16);
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
