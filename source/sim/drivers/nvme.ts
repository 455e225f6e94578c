/**
The native NVMe driver, as Linux's drivers/nvme/host/pci.c behaves: one request becomes as few commands as its pages allow, zero copy;
completions are reaped in the interrupt; a command whose time is up is aborted, then the controller is reset and what was under way
is sent again. Written against `Kernel` and `BlockDevice` alone: it runs wherever it is given a kernel.
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
import {registerRead, registerWrite} from '../kernel/cost.js';
import type {Kernel, PciDevice} from '../kernel/kernel.js';
import type {BlockDriver, DriverState} from './driver.js';
import {NvmeBounce} from './nvme-bounce.js';
import {NvmeCommands, tagDone, tagFree, tagHeld, tagLimit, tagSent} from './nvme-commands.js';
import {NvmeController} from './nvme-controller.js';
import {nvmeCosts} from './nvme-costs.js';
import {commandEnd, NvmePrpLists} from './nvme-prp.js';
import {NvmeQueuePair} from './nvme-queue.js';
import * as nvme from './nvme-registers.js';
import {Sequence, type Work} from './sequence.js';

export interface NvmeDriverOptions {
	/** How long a command may take before it is aborted (Linux io_timeout, 30 s), and an admin command (60 s). ns. */
	readonly ioTimeout: number;
	readonly adminTimeout: number;
	/** Entries of the I/O queue (Linux io_queue_depth). */
	readonly queueEntries: number;
	/** How often a command that failed without Do Not Retry is sent again (Linux max_retries). */
	readonly maximumRetries: number;
	/** How often the controller's status register is looked at while all is well, ns. */
	readonly watchdog: number;
}

export const defaultNvmeDriverOptions: NvmeDriverOptions = {
	ioTimeout: 30_000_000_000,
	adminTimeout: 60_000_000_000,
	queueEntries: 1024,
	maximumRetries: 5,
	watchdog: 1_000_000_000,
};

const noLimits: BlockLimits = {
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
/** Error lines of requests: at most so many in five seconds (Linux printk_ratelimit). */
const logBurst = 10;
const logInterval = 5_000_000_000;

export class NvmeDriver implements BlockDriver, BlockDevice {
	readonly kind = 'block';
	readonly name: string;
	readonly disk: BlockDevice = this;
	limits: BlockLimits = noLimits;
	state: DriverState = 'probing';
	/** Requests in the driver's hands. */
	outstanding = 0;
	readonly counters = {
		commands: 0,
		completions: 0,
		interrupts: 0,
		spuriousInterrupts: 0,
		/** Requests that needed more than one command. */
		splits: 0,
		/** Requests copied through memory of the driver's own. */
		bounces: 0,
		retries: 0,
		timeouts: 0,
		aborts: 0,
		resets: 0,
		errors: 0,
		/** Completions nobody waited for. */
		unexpected: 0,
	};

	readonly #kernel: Kernel;
	readonly #device: PciDevice;
	readonly #options: NvmeDriverOptions;
	readonly #sequence: Sequence;
	readonly #controller: NvmeController;
	/** Made when the first probe knows the sizes. */
	#io: NvmeQueuePair | null = null;
	#commands = new NvmeCommands(1);
	#lists: NvmePrpLists | null = null;
	#bounce: NvmeBounce | null = null;
	#blockSectors = 1;
	#doorbell = 0;
	#completionDoorbell = 0;
	#waiters: (() => void)[] = [];
	#woken: (() => void)[] = [];
	#watching = false;
	#logged = 0;
	#loggedSince = 0;
	#ready: () => void = () => {};
	#failed: () => void = () => {};

	readonly #queueStep: Step;
	readonly #resendStep: Step;
	readonly #doorbellStep: Step;
	readonly #reapStep: Step;
	readonly #finishStep: Step;
	readonly #failStep: Step;
	readonly #timeoutStep: Step;
	readonly #watchdogStep: Step;
	readonly #copyInStep: Step;
	readonly #copyOutStep: Step;
	readonly #pointQueue: number;
	readonly #pointDoorbell: number;
	readonly #pointComplete: number;

	constructor(kernel: Kernel, device: PciDevice, options: Partial<NvmeDriverOptions> = {}) {
		this.#kernel = kernel;
		this.#device = device;
		this.#options = {...defaultNvmeDriverOptions, ...options};
		this.name = device.name;
		const {name} = device;
		this.#queueStep = kernel.define(`${name} queue`, nvmeCosts.queue, (owner) => this.#queue(owner));
		this.#resendStep = kernel.define(`${name} queue again`, nvmeCosts.queue, (tag) => this.#resend(tag));
		this.#doorbellStep = kernel.define(`${name} doorbell`, registerWrite, (owner) => this.#ring(owner));
		this.#reapStep = kernel.define(`${name} complete`, nvmeCosts.complete, (vector) => this.#reap(vector));
		this.#finishStep = kernel.define(`${name} finish`, nvmeCosts.finish, (vector) => this.#finish(vector));
		this.#failStep = kernel.define(`${name} fail`, nvmeCosts.fail, () => this.#failNext());
		this.#timeoutStep = kernel.define(`${name} timeout`, nvmeCosts.timeout, () => this.#checkTimes());
		this.#watchdogStep = kernel.define(`${name} watchdog`, registerRead, () => this.#watch());
		this.#copyInStep = kernel.define(`${name} bounce in`, nvmeCosts.bounce, (owner) => this.#copyIn(owner));
		this.#copyOutStep = kernel.define(`${name} bounce out`, nvmeCosts.bounce, (owner) => this.#copyOut(owner));
		const interrupt = kernel.define(`${name} interrupt`, nvmeCosts.interrupt, (vector) => {
			this.counters.interrupts++;
			if (this.#io === null || !this.#io.pending) this.counters.spuriousInterrupts++;
			this.#reap(vector);
		});
		this.#pointQueue = kernel.trace.point(`${name} queue`);
		this.#pointDoorbell = kernel.trace.point(`${name} doorbell`);
		this.#pointComplete = kernel.trace.point(`${name} driver`);
		this.#sequence = new Sequence(kernel, `${name} controller`);
		this.#controller = new NvmeController(kernel, device, this.#sequence, interrupt, this.#options.adminTimeout);
		this.#controller.admin.onAbort = (result, status) => {
			const done = status === 0 && (result & 1) === 0;
			this.#controller.log(
				'notice',
				done ? 'abort took effect' : `abort had no effect, status 0x${status.toString(16)}`,
			);
		};
		this.#controller.admin.onEvent = (result) => this.#event(result);
	}

	get depth(): number {
		return this.limits.depth;
	}

	start(ready: () => void, failed: () => void = () => {}): void {
		this.#ready = ready;
		this.#failed = failed;
		this.#sequence.start(this.#probe());
	}

	submit(request: BlockRequest): boolean {
		if (this.state === 'probing') return false;
		const commands = this.#commands;
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
		const commands = this.#commands;
		const tag = queue === 1 ? commands.tagOf(cid) : -1;
		return tag < 0 ? 0 : (commands.requests[commands.owner[tag]]?.identity ?? 0);
	}

	/** Takes the request in: its owner tag, with `needed` commands to come. */
	#accept(request: BlockRequest, needed: number): number {
		const commands = this.#commands;
		const owner = commands.take();
		commands.owner[owner] = owner;
		commands.requests[owner] = request;
		commands.open[owner] = needed;
		commands.error[owner] = okay;
		this.outstanding++;
		return owner;
	}

	#submitBounced(request: BlockRequest): boolean {
		const commands = this.#commands;
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
		const request = this.#commands.requests[owner];
		if (request !== null) this.#bounce?.copy(request, this.#commands.bounce[owner], true);
	}

	/** What copying `bytes` takes beyond the copy step's own 4 KiB. */
	#copyTime(bytes: number): number {
		return (Math.ceil(bytes / 4096) - 1) * this.#copyInStep.cost;
	}

	#queue(owner: number): void {
		const commands = this.#commands;
		const request = commands.requests[owner];
		if (request === null) return;
		if (this.state === 'removed' || this.state === 'dead') {
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

		if (this.state !== 'live') return;
		for (let tag = owner; tag >= 0; tag = commands.next[tag]) {
			if (commands.state[tag] === tagHeld) this.#send(tag, request);
		}
	}

	#resend(tag: number): void {
		const commands = this.#commands;
		const owner = commands.owner[tag];
		const request = commands.requests[owner];
		if (commands.state[tag] === tagHeld && request !== null && this.state === 'live') {
			this.#send(tag, request);
			this.#kernel.step(this.#doorbellStep, owner);
		}
	}

	/** Writes a held command into the submission queue. */
	#send(tag: number, request: BlockRequest): void {
		const commands = this.#commands;
		const io = this.#io;
		const lists = this.#lists;
		assert(io !== null && lists !== null, 'a live controller has queues');
		const {words} = io.submission;
		const at = io.entry;
		const {operation} = request;
		words[at + 1] = this.#controller.identity.namespace;
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
		if (!this.#watching) {
			this.#watching = true;
			this.#kernel.timer(this.#options.ioTimeout, this.#timeoutStep);
		}
	}

	#ring(owner: number): void {
		const io = this.#io;
		if (io === null || this.state !== 'live' || io.announced === io.tail) return;
		io.announced = io.tail;
		this.#controller.registers.write32(this.#doorbell, io.tail);
		const request = this.#commands.requests[owner];
		if (request !== null) this.#kernel.trace.hop(this.#kernel.now(), request.identity, this.#pointDoorbell, io.tail);
	}

	/** Takes one completion, if there is one, and decides what comes next. */
	#reap(vector: number): void {
		const io = this.#io;
		if (io?.pending) this.#take(io);
		this.#kernel.step(io?.pending ? this.#reapStep : this.#finishStep, vector);
	}

	/** Tells the controller how far its completions have been taken, and ends the interrupt. */
	#finish(vector: number): void {
		this.#release();
		this.#device.endOfInterrupt(vector);
	}

	#release(): void {
		const io = this.#io;
		if (io === null || !io.taken || this.state !== 'live') return;
		io.taken = false;
		this.#controller.registers.write32(this.#completionDoorbell, io.head);
	}

	#take(io: NvmeQueuePair): void {
		const commands = this.#commands;
		const word = io.status;
		io.pop();
		const tag = commands.tagOf(word & 0xffff);
		if (tag < 0) {
			this.counters.unexpected++;
			this.#controller.log(
				'warning',
				`completion for command 0x${(word & 0xffff).toString(16)}, which is not outstanding`,
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
			this.#logError(tag, status);
			this.#complete(tag, ioError);
		}
	}

	/** One command is over; with the last of its request the request is. */
	#complete(tag: number, error: number): void {
		const commands = this.#commands;
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
		const commands = this.#commands;
		const request = commands.requests[owner];
		if (request === null) return;
		this.#bounce?.copy(request, commands.bounce[owner], false);
		this.#end(owner, okay);
	}

	/** The request is over: frees its tags and hands it back. */
	#end(owner: number, status: number): void {
		const commands = this.#commands;
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
		if (this.#waiters.length > 0) this.#wakeWaiters();
	}

	#wakeWaiters(): void {
		const waiting = this.#waiters;
		this.#waiters = this.#woken;
		this.#woken = waiting;
		for (const wake of waiting) wake();
		waiting.length = 0;
	}

	*#probe(): Work {
		const controller = this.#controller;
		controller.log('info', `PCI function ${this.#device.address}`);
		if (!((yield* controller.bringUp()) && (yield* this.#prepare()))) {
			this.#giveUp();
			return;
		}

		const {identity} = controller;
		const {sectors, depth, logicalBlock, volatileCache} = this.limits;
		controller.log('info', `${identity.model}, serial ${identity.serial}, one I/O queue of ${depth + 1} entries`);
		const cache = volatileCache ? 'volatile write cache' : 'no volatile write cache';
		this.#kernel.log(
			'info',
			`${this.name}n1: ${sectors} sectors of 512 bytes, blocks of ${logicalBlock} bytes, ${cache}`,
		);
		this.state = 'live';
		this.#kernel.timer(this.#options.watchdog, this.#watchdogStep);
		this.#ready();
		this.#wakeWaiters();
	}

	/** Sizes what depends on the controller's answers, the first time, and creates the queues. */
	*#prepare(): Generator<import('./sequence.js').Pause, boolean, boolean> {
		const {identity, stride} = this.#controller;
		if (this.#io === null) {
			const entries = Math.min(this.#options.queueEntries, identity.entries, tagLimit);
			const bytes = Math.min(identity.maximumTransfer || largestTransfer, largestTransfer);
			const tags = entries - 1;
			this.#io = new NvmeQueuePair(this.#kernel, 1, entries);
			this.#commands = new NvmeCommands(tags);
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
		}

		this.#doorbell = nvme.submissionDoorbell(1, stride);
		this.#completionDoorbell = nvme.completionDoorbell(1, stride);
		return yield* this.#controller.createQueues(this.#io);
	}

	/** Some command has been out for the whole timeout, perhaps. */
	#checkTimes(): void {
		const commands = this.#commands;
		const io = this.#io;
		this.#watching = false;
		if (this.state !== 'live' || io === null) return;
		const now = this.#kernel.now();
		let next = Number.POSITIVE_INFINITY;
		let looked = false;
		for (let tag = 0; tag < commands.tags && this.#isLive(); tag++) {
			if (commands.state[tag] !== tagSent) continue;
			if (commands.deadline[tag] <= now) {
				if (!looked) {
					looked = true;
					if (!this.#healthy()) return;
				}

				this.#timedOut(tag, io);
			}

			if (commands.state[tag] === tagSent) next = Math.min(next, commands.deadline[tag]);
		}

		this.#release();
		if (this.#isLive() && next !== Number.POSITIVE_INFINITY && !this.#watching) {
			this.#watching = true;
			this.#kernel.timer(Math.max(next - now, 1), this.#timeoutStep);
		}
	}

	#isLive(): boolean {
		return this.state === 'live';
	}

	/** One command's time is up: did only its interrupt get lost? Then abort it; the second time, reset the controller. */
	#timedOut(tag: number, io: NvmeQueuePair): void {
		const commands = this.#commands;
		const {admin} = this.#controller;
		const identifier = commands.identifier(tag);
		this.counters.timeouts++;
		while (io.pending) this.#take(io);
		if (commands.state[tag] !== tagSent || commands.identifier(tag) !== identifier) {
			this.#controller.log('warning', `I/O ${tag} QID 1 timeout, completion polled`);
			return;
		}

		if (commands.aborted[tag] === 1) {
			this.#reset(`I/O ${tag} QID 1 timeout, reset controller`);
			return;
		}

		commands.deadline[tag] = this.#kernel.now() + this.#options.ioTimeout;
		if (admin.abortsLeft <= 0) return;
		this.#controller.log('warning', `I/O ${tag} QID 1 timeout, aborting`);
		commands.aborted[tag] = 1;
		this.counters.aborts++;
		admin.abort(1, identifier);
	}

	#watch(): void {
		if (this.state === 'live') this.#healthy();
		else if (this.state === 'removed' && this.#device.readConfig(0, 2) !== 0xffff) {
			this.#controller.log('info', 'answers again');
			this.state = 'resetting';
			this.#sequence.start(this.#restart(false));
		}

		if (this.state !== 'dead') this.#kernel.timer(this.#options.watchdog, this.#watchdogStep);
	}

	/** Reads CSTS: a device that is gone or has given up is dealt with, and false returned. */
	#healthy(): boolean {
		const status = this.#controller.registers.read32(nvme.controllerStatus);
		if (status === -1) {
			this.#lost('does not answer any more');
			return false;
		}

		if ((status & nvme.fatal) !== 0) {
			const pci = this.#device.readConfig(nvme.pciStatus, 2);
			this.#reset(`controller is down; will reset: CSTS=0x${status.toString(16)}, PCI_STATUS=0x${pci.toString(16)}`);
			return false;
		}

		return true;
	}

	#event(result: number): void {
		const type = result & 7;
		const info = (result >>> 8) & 0xff;
		this.#controller.log('warning', `asynchronous event: type ${type}, information 0x${info.toString(16)}`);
		// Type 0 (error), information 3: persistent internal error.
		if (type === 0 && info === 3) this.#reset('persistent internal error, reset controller');
	}

	#reset(why: string): void {
		if (this.state !== 'live') return;
		this.state = 'resetting';
		this.counters.resets++;
		this.#controller.log('warning', why);
		this.#sequence.start(this.#restart(true));
	}

	/** Disables the controller, takes back what was under way, brings it up and sends that again. */
	*#restart(disable: boolean): Work {
		const controller = this.#controller;
		const commands = this.#commands;
		if (disable && !(yield* controller.disable())) {
			this.#lost('cannot be stopped');
			return;
		}

		// What the controller completed before it stopped is complete; the rest can no longer happen.
		while (this.#io?.pending) {
			yield nvmeCosts.complete;
			if (this.#io.pending) this.#take(this.#io);
		}

		for (let tag = 0; tag < commands.tags; tag++) {
			if (commands.state[tag] !== tagSent) continue;
			if (commands.retries[tag] < this.#options.maximumRetries) {
				commands.retries[tag]++;
				commands.state[tag] = tagHeld;
			} else {
				yield nvmeCosts.fail;
				this.#complete(tag, ioError);
			}
		}

		if (!((yield* controller.bringUp()) && (yield* this.#prepare()))) {
			this.#giveUp();
			return;
		}

		this.state = 'live';
		let again = 0;
		for (let tag = 0; tag < commands.tags; tag++) {
			if (commands.state[tag] !== tagHeld) continue;
			yield nvmeCosts.queue;
			const request = commands.requests[commands.owner[tag]];
			if (commands.state[tag] === tagHeld && request !== null && this.#isLive()) {
				this.#send(tag, request);
				again++;
			}
		}

		yield registerWrite;
		this.#ring(0);
		controller.log('info', `reset done, ${again} commands sent again`);
		this.#wakeWaiters();
	}

	/** The device does not answer, or cannot be stopped: every request fails. It is looked for again by the watchdog. */
	#lost(why: string): void {
		this.#controller.log('error', `${why}; failing ${this.outstanding} requests`);
		this.state = 'removed';
		this.#kernel.step(this.#failStep);
	}

	#giveUp(): void {
		const first = this.limits === noLimits;
		this.#controller.log('error', first ? 'probe failed' : 'given up after a failed reset');
		this.state = 'dead';
		this.#kernel.step(this.#failStep);
		if (first) this.#failed();
	}

	/** Fails one request that is still here, and goes on with the next. */
	#failNext(): void {
		const commands = this.#commands;
		if (this.state !== 'removed' && this.state !== 'dead') return;
		for (let tag = 0; tag < commands.tags; tag++) {
			if (commands.state[tag] !== tagFree && commands.requests[tag] !== null) {
				this.#end(tag, ioError);
				this.#kernel.step(this.#failStep);
				return;
			}
		}
	}

	#logError(tag: number, status: number): void {
		const now = this.#kernel.now();
		if (now - this.#loggedSince > logInterval) {
			this.#loggedSince = now;
			this.#logged = 0;
		}

		if (this.#logged++ >= logBurst) return;
		const commands = this.#commands;
		const operation = commands.requests[commands.owner[tag]]?.operation ?? readOperation;
		const what = operation === readOperation ? 'read' : operation === writeOperation ? 'write' : 'flush';
		const where = `${commands.bytes[tag] >>> 9} sectors at ${commands.sector[tag]}`;
		this.#kernel.log('error', `${this.name}n1: ${what} of ${where} failed, status 0x${status.toString(16)}`);
	}
}
