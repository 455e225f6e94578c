/**
A workload: one fio job against a block device, as work of the kernel it runs in. Every I/O goes from a page of the job's own through
the device and back, is told to the oracle before it is submitted, and every byte read is compared. An I/O larger than the
device takes in one request becomes several, as in a block layer; its latency is that of the last.
*/
import type {RandomStream} from '../../engine/random.js';
import type {Step} from '../../engine/step.js';
import {
	type BlockDevice,
	type BlockRequest,
	flushOperation,
	notSupported,
	okay,
	sectorBytes,
	writeOperation,
} from '../kernel/block-device.js';
import type {Cost} from '../kernel/cost.js';
import type {Kernel} from '../kernel/kernel.js';
import {DeviceQueue} from './device-queue.js';
import type {DiskOracle} from './disk-oracle.js';
import {JobCounters} from './job-counters.js';
import {JobFlush} from './job-flush.js';
import type {JobOptions} from './job-options.js';
import {JobPace} from './job-pace.js';
import {JobRequests} from './job-requests.js';

export const jobCosts = {
	submit: {name: 'job.submit', ns: 1500, source: 'knob: io_submit(2) and the block layer above the driver'},
	complete: {name: 'job.complete', ns: 1000, source: 'knob: io_getevents(2) and the end of the request'},
	verify: {name: 'job.verify', ns: 1000, source: 'knob: a checksum over 4 KiB at 4 GB/s'},
	arrive: {name: 'job.arrive', ns: 300, source: 'knob: a timer wakes the job'},
	retry: {name: 'job.retry', ns: 300, source: 'knob: the block layer runs its queue again'},
} satisfies Record<string, Cost>;

export type JobState = 'waiting' | 'running' | 'thinking' | 'ended' | 'refused' | 'abandoned';

export class Job extends JobCounters {
	state: JobState = 'waiting';

	readonly #pace: JobPace;
	readonly #firstSector: number;
	readonly #depth: number;
	readonly #requests: JobRequests;
	readonly #flush: JobFlush;
	readonly #queue: DeviceQueue;
	/** By request, the flush last: how it was answered. */
	readonly #status: Int32Array;
	/** By I/O: since when it counts, requests not answered, whether one failed. */
	readonly #since: Float64Array;
	readonly #left: Int32Array;
	readonly #failed: Uint8Array;
	readonly #free: Int32Array;
	#freeCount = 0;
	#submitting = false;
	#thinking = false;

	readonly #begin: Step;
	readonly #arrive: Step;
	readonly #submit: Step;
	readonly #retry: Step;
	readonly #verify: Step;
	readonly #complete: Step;
	readonly #resume: Step;
	readonly #atSubmit: number;
	readonly #atDone: number;

	/**
	@param oracle of the disk that `device` is; several jobs share it.
	@param random the job's own stream, `${domain}/${disk}/${job}`.
	@param vcpu of the kernel, on which the job runs.
	*/
	constructor(
		readonly kernel: Kernel,
		readonly device: BlockDevice,
		readonly options: JobOptions,
		readonly oracle: DiskOracle,
		random: RandomStream,
		readonly vcpu = 0,
	) {
		super();
		const {name, bs, iodepth, offset} = options;
		const {limits} = device;
		const capacity = limits.sectors * sectorBytes;
		const size = options.size > 0 ? Math.min(options.size, capacity - offset) : capacity - offset;
		this.#pace = new JobPace(options, size, random);
		this.#firstSector = offset / sectorBytes;
		this.#depth = iodepth;
		const answered = (request: BlockRequest, status: number) => this.#answered(request, status);
		this.#requests = new JobRequests(kernel, oracle, limits, bs, iodepth, answered);
		const {all} = this.#requests;
		this.#flush = new JobFlush(oracle, options.fsync, all.length, limits.volatileCache, answered);
		this.#queue = new DeviceQueue(device, [...all, this.#flush.request], () => kernel.step(this.#retry));
		this.#status = new Int32Array(all.length + 1);
		this.#since = new Float64Array(iodepth);
		this.#left = new Int32Array(iodepth);
		this.#failed = new Uint8Array(iodepth);
		this.#free = new Int32Array(iodepth);
		for (let io = iodepth - 1; io >= 0; io--) {
			this.#free[this.#freeCount++] = io;
		}

		this.#begin = kernel.define(`${name} begin`, jobCosts.arrive, () => this.#begins(size));
		this.#arrive = kernel.define(`${name} arrive`, jobCosts.arrive, () => this.#arrives());
		this.#submit = kernel.define(`${name} submit`, jobCosts.submit, () => this.#submits());
		this.#retry = kernel.define(`${name} retry`, jobCosts.retry, () => this.#retries());
		this.#verify = kernel.define(`${name} verify`, jobCosts.verify, (tag) => kernel.step(this.#complete, tag));
		this.#complete = kernel.define(`${name} complete`, jobCosts.complete, (tag) => this.#completes(tag));
		this.#resume = kernel.define(`${name} resume`, jobCosts.arrive, () => this.#resumes());
		this.#atSubmit = kernel.trace.point(`${kernel.name} ${name}`);
		this.#atDone = kernel.trace.point(`${kernel.name} ${name} done`);
	}

	/** Begins after startdelay. Called once, from inside or outside a step. */
	start(): void {
		if (this.options.startdelay > 0) {
			this.kernel.timer(this.options.startdelay, this.#begin);
		} else {
			this.kernel.task(this.#begin, 0, this.vcpu);
		}
	}

	/** The domain is gone: nobody will answer what is in flight. The oracle then knows that it may have happened or not. */
	abandon(): void {
		if (this.state === 'abandoned') {
			return;
		}

		this.state = 'abandoned';
		this.#requests.abandon();
		this.#flush.abandon();
		this.outstanding = 0;
	}

	/** Its process is to stop: nothing new begins; what is in flight is still answered. */
	quit(): void {
		if (this.state !== 'refused' && this.state !== 'abandoned') {
			this.state = 'ended';
		}
	}

	/** I/Os that have arrived and wait for depth. */
	get backlog(): number {
		return this.#pace.backlog;
	}

	/** Arrivals that were not even queued, because 65536 waited. */
	get skipped(): number {
		return this.#pace.skipped;
	}

	/** Since when the oldest I/O (or flush) without an answer counts, ns; Infinity when there is none. */
	get oldestSince(): number {
		let oldest = this.#pace.oldestArrival ?? Number.POSITIVE_INFINITY;
		for (let io = 0; io < this.#depth; io++) {
			if (this.#left[io] > 0) {
				oldest = Math.min(oldest, this.#since[io]);
			}
		}

		return this.#flush.isUnderWay ? Math.min(oldest, this.#flush.since) : oldest;
	}

	#begins(size: number): void {
		const {kernel, options} = this;
		if (this.state !== 'waiting') {
			return;
		}

		const {limits} = this.device;
		const {bs, offset, name} = options;
		const writes = options.rw !== 'read' && options.rw !== 'randread';
		if (
			size < bs ||
			bs % limits.logicalBlock !== 0 ||
			offset % limits.logicalBlock !== 0 ||
			(writes && limits.readonly)
		) {
			kernel.log('error', `${name}: ${this.device.name} cannot do this: bs ${bs}, offset ${offset}, size ${size}`);
			this.state = 'refused';
			return;
		}

		this.#requests.givePages(this.vcpu);
		this.state = 'running';
		this.#pace.begin(kernel.now());
		if (this.#pace.isOpenLoop) {
			this.#awaitArrival();
		} else {
			this.#wantSubmit();
		}
	}

	#awaitArrival(): void {
		this.kernel.timer(Math.max(0, this.#pace.nextArrival - this.kernel.now()), this.#arrive);
	}

	#arrives(): void {
		const now = this.kernel.now();
		if (this.#pace.isOver(now)) {
			this.#endIfOver();
			return;
		}

		if (this.state === 'ended') {
			return;
		}

		this.#pace.arrive(now);
		this.#awaitArrival();
		this.#wantSubmit();
	}

	/** Asks for the submit step unless it is already asked for or there is nothing for it to do. */
	#wantSubmit(): void {
		if (!this.#submitting && (this.#flush.isDue ? this.#canFlush() : this.#canIssue())) {
			this.#submitting = true;
			this.kernel.step(this.#submit);
		}
	}

	#canFlush(): boolean {
		return this.outstanding === 0 && !this.#flush.isUnderWay;
	}

	#canIssue(): boolean {
		return (
			this.#freeCount > 0 &&
			this.#pace.isReady &&
			!this.#pace.isPauseDue &&
			!this.#flush.isUnderWay &&
			this.state === 'running' &&
			!this.#pace.isOver(this.kernel.now())
		);
	}

	#submits(): void {
		this.#submitting = false;
		if (this.#flush.isDue) {
			if (this.#canFlush()) {
				this.#submitFlush();
			}

			return;
		}

		if (this.#canIssue()) {
			this.#issue();
			this.#wantSubmit();
		}
	}

	#issue(): void {
		const {trace} = this.kernel;
		const now = this.kernel.now();
		const {all, parts} = this.#requests;
		const io = this.#free[--this.#freeCount];
		this.#since[io] = this.#pace.take(now);
		this.#left[io] = parts;
		this.#failed[io] = 0;
		this.outstanding++;
		const write = this.#pace.isWrite();
		let sector = this.#firstSector + this.#pace.offset(write) / sectorBytes;
		if (write) {
			this.#flush.countWrite();
		}

		for (let tag = io * parts; tag < (io + 1) * parts; tag++) {
			const request = all[tag];
			request.identity = trace.begin();
			trace.hop(now, request.identity, this.#atSubmit, tag);
			sector += this.#requests.begin(request, write, sector);
			this.#queue.send(request);
		}
	}

	#retries(): void {
		if (this.#queue.retry()) {
			this.#wantSubmit();
		}
	}

	#submitFlush(): void {
		const {kernel} = this;
		const {request} = this.#flush;
		const now = kernel.now();
		this.#flush.begin(now);
		if (!this.#flush.isSupported) {
			this.#status[request.tag] = okay;
			kernel.step(this.#complete, request.tag);
			return;
		}

		request.identity = kernel.trace.begin();
		request.vcpu = this.vcpu;
		kernel.trace.hop(now, request.identity, this.#atSubmit, request.tag);
		this.#queue.send(request);
	}

	/** The device answers, inside a step of its driver's kernel. */
	#answered(request: BlockRequest, status: number): void {
		this.#status[request.tag] = status;
		if (this.options.verify !== undefined && request.operation !== flushOperation) {
			this.kernel.step(this.#verify, request.tag, (request.segments - 1) * this.#verify.cost);
		} else {
			this.kernel.step(this.#complete, request.tag);
		}
	}

	#completes(tag: number): void {
		if (tag === this.#flush.request.tag) {
			this.#flushed();
			return;
		}

		const {kernel} = this;
		const request = this.#requests.all[tag];
		const good = this.#status[tag] === okay;
		this.answeredAt = kernel.now();
		kernel.trace.hop(kernel.now(), request.identity, this.#atDone, tag);
		this.violations += this.#requests.end(request, good);
		const io = Math.floor(tag / this.#requests.parts);
		if (!good) {
			this.#failed[io] = 1;
		}

		if (--this.#left[io] === 0) {
			this.#finish(io, request.operation === writeOperation);
		}

		this.#wantSubmit();
	}

	#finish(io: number, write: boolean): void {
		this.#free[this.#freeCount++] = io;
		const failed = this.#failed[io] === 1;
		this.countIo(write, this.options.bs, this.kernel.now() - this.#since[io], failed);
		if (write && !failed) {
			this.#flush.cover(this.#since[io]);
		}

		if (this.outstanding === 0) {
			this.#drained();
		}
	}

	#flushed(): void {
		const {kernel} = this;
		const status = this.#status[this.#flush.request.tag];
		const failed = status !== okay && status !== notSupported;
		this.answeredAt = kernel.now();
		this.countFlush(kernel.now() - this.#flush.since, failed);
		this.#flush.commit(kernel.now(), !failed, this.commitLatency);
		this.#flush.end(status);
		if (status === notSupported) {
			kernel.log('warning', `${this.options.name}: ${this.device.name} cannot flush`);
		}

		this.#drained();
		this.#wantSubmit();
	}

	/** Nothing is in flight: time to pause or to end, unless a flush is due first. */
	#drained(): void {
		if (this.#flush.isDue || this.#flush.isUnderWay) {
			return;
		}

		if (this.#pace.isOver(this.kernel.now())) {
			this.#endIfOver();
		} else if (this.#pace.isPauseDue && !this.#thinking) {
			this.#thinking = true;
			this.state = 'thinking';
			this.kernel.timer(this.options.thinktime, this.#resume);
		}
	}

	#resumes(): void {
		this.#thinking = false;
		if (this.state !== 'thinking') {
			return;
		}

		this.state = 'running';
		this.#pace.resume();
		if (this.#pace.isOver(this.kernel.now())) {
			this.#endIfOver();
		}

		this.#wantSubmit();
	}

	#endIfOver(): void {
		if (this.#canFlush() && !this.#flush.isDue) {
			this.state = 'ended';
		}
	}
}
