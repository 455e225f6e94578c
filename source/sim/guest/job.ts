/**
A workload: one fio job against a block device, as work of the kernel it runs in. Every I/O goes from a page of the job's own through
the device and back, is told to the oracle before it is submitted, and every byte read is compared. An I/O larger than the
device takes in one request becomes several, as in a block layer; its latency is that of the last.
*/
import {Histogram} from '../../engine/histogram.js';
import type {RandomStream} from '../../engine/random.js';
import type {Step} from '../../engine/step.js';
import {
	type BlockDevice,
	BlockRequest,
	flushOperation,
	notSupported,
	okay,
	readOperation,
	sectorBytes,
	writeOperation,
} from '../kernel/block-device.js';
import type {Cost} from '../kernel/cost.js';
import type {Kernel, Page} from '../kernel/kernel.js';
import type {DiskOracle} from './disk-oracle.js';
import type {JobOptions} from './job-options.js';
import {JobPace} from './job-pace.js';

export const jobCosts = {
	submit: {name: 'job.submit', ns: 1500, source: 'knob: io_submit(2) and the block layer above the driver'},
	complete: {name: 'job.complete', ns: 1000, source: 'knob: io_getevents(2) and the end of the request'},
	verify: {name: 'job.verify', ns: 1000, source: 'knob: a checksum over 4 KiB at 4 GB/s'},
	arrive: {name: 'job.arrive', ns: 300, source: 'knob: a timer wakes the job'},
	retry: {name: 'job.retry', ns: 300, source: 'knob: the block layer runs its queue again'},
} satisfies Record<string, Cost>;

const pageBytes = 4096;
const sectorsPerPage = pageBytes / sectorBytes;
/** Stands in each sector of a page before it is read into: what no disk gives. */
const poison = 0x6b6b6b6b;

export type JobState = 'waiting' | 'running' | 'thinking' | 'ended' | 'refused' | 'abandoned';

export class Job {
	state: JobState = 'waiting';
	/** Completed I/Os and their bytes, well or not. */
	reads = 0;
	writes = 0;
	flushes = 0;
	bytesRead = 0;
	bytesWritten = 0;
	readonly #errors = {read: 0, write: 0, flush: 0};
	/** Sectors that were not as they may be. */
	violations = 0;
	/** I/Os begun and not answered; flushes not counted. */
	outstanding = 0;
	readonly readLatency = new Histogram();
	readonly writeLatency = new Histogram();
	readonly flushLatency = new Histogram();

	readonly #pace: JobPace;
	readonly #firstSector: number;
	readonly #depth: number;
	/** Requests of one I/O, and bytes of each but the last. */
	readonly #parts: number;
	readonly #partBytes: number;
	readonly #requests: BlockRequest[] = [];
	readonly #status: Int32Array;
	/** The oracle's number of each request: of the write, or the moment of the read. */
	readonly #token: Float64Array;
	/** By I/O: since when it counts, requests not answered, whether one failed. */
	readonly #since: Float64Array;
	readonly #left: Int32Array;
	readonly #failed: Uint8Array;
	readonly #free: Int32Array;
	#freeCount = 0;
	readonly #flush: BlockRequest;
	#flushSince = -1;
	#flushToken = 0;
	#flushRefused = false;
	#flushesSupported: boolean;
	#writesSinceFlush = 0;
	/** Requests the device had no room for, in order; a ring. */
	readonly #refused: Int32Array;
	#refusedFrom = 0;
	#refusedCount = 0;
	#submitting = false;
	#thinking = false;

	readonly #begin: Step;
	readonly #arrive: Step;
	readonly #submit: Step;
	readonly #retry: Step;
	readonly #verify: Step;
	readonly #complete: Step;
	readonly #resume: Step;
	readonly #room = () => this.kernel.step(this.#retry);
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
		const {name, bs, iodepth, offset} = options;
		const {limits} = device;
		const capacity = limits.sectors * sectorBytes;
		const size = options.size > 0 ? Math.min(options.size, capacity - offset) : capacity - offset;
		this.#pace = new JobPace(options, size, random);
		this.#firstSector = offset / sectorBytes;
		this.#depth = iodepth;
		const largest = Math.min(limits.bytes - (limits.bytes % pageBytes), limits.segments * pageBytes);
		this.#partBytes = Math.min(bs, largest);
		this.#parts = Math.ceil(bs / this.#partBytes);
		const count = iodepth * this.#parts;
		const answered = (request: BlockRequest, status: number) => this.#answered(request, status);
		for (let tag = 0; tag < count; tag++) {
			this.#requests.push(new BlockRequest(Math.ceil(this.#partBytes / pageBytes), tag, answered));
		}

		this.#flush = new BlockRequest(0, count, answered);
		this.#flush.operation = flushOperation;
		this.#flushesSupported = limits.volatileCache;
		this.#status = new Int32Array(count + 1);
		this.#token = new Float64Array(count);
		this.#refused = new Int32Array(count);
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
		for (const [tag, request] of this.#requests.entries()) {
			if (this.#token[tag] > 0) {
				this.#endToken(tag, request, false);
			}
		}

		if (this.#flushSince >= 0) {
			this.#flushSince = -1;
			this.oracle.endFlush(this.#flushToken, false);
		}

		this.outstanding = 0;
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

		return this.#flushSince >= 0 ? Math.min(oldest, this.#flushSince) : oldest;
	}

	/** I/Os that failed. */
	get errors(): number {
		return this.#errors.read + this.#errors.write + this.#errors.flush;
	}

	errorsOf(operation: 'read' | 'write' | 'flush'): number {
		return this.#errors[operation];
	}

	/** Latency histogram of one kind of operation. */
	latency(operation: 'read' | 'write' | 'flush'): Histogram {
		return operation === 'read' ? this.readLatency : operation === 'write' ? this.writeLatency : this.flushLatency;
	}

	#begins(size: number): void {
		const {kernel, options} = this;
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

		for (let io = 0; io < this.#depth; io++) {
			this.#givePages(io);
		}

		this.state = 'running';
		this.#pace.begin(kernel.now());
		if (this.#pace.isOpenLoop) {
			this.#awaitArrival();
		} else {
			this.#wantSubmit();
		}
	}

	/** Pages of an I/O, in order through its requests. Only the last of a request may be used in part. */
	#givePages(io: number): void {
		for (let part = 0; part < this.#parts; part++) {
			const request = this.#requests[io * this.#parts + part];
			const bytes = Math.min(this.#partBytes, this.options.bs - part * this.#partBytes);
			request.segments = Math.ceil(bytes / pageBytes);
			request.vcpu = this.vcpu;
			for (let i = 0; i < request.segments; i++) {
				const page: Page = this.kernel.page();
				request.pages[i] = page;
				request.offsets[i] = 0;
				request.lengths[i] = Math.min(pageBytes, bytes - i * pageBytes);
			}
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

		this.#pace.arrive(now);
		this.#awaitArrival();
		this.#wantSubmit();
	}

	/** Asks for the submit step unless it is already asked for or there is nothing for it to do. */
	#wantSubmit(): void {
		if (!this.#submitting && (this.#isFlushDue() ? this.#canFlush() : this.#canIssue())) {
			this.#submitting = true;
			this.kernel.step(this.#submit);
		}
	}

	#isFlushDue(): boolean {
		return this.options.fsync > 0 && this.#writesSinceFlush >= this.options.fsync;
	}

	#canFlush(): boolean {
		return this.outstanding === 0 && this.#flushSince < 0;
	}

	#canIssue(): boolean {
		return (
			this.#freeCount > 0 &&
			this.#pace.isReady &&
			!this.#pace.isPauseDue &&
			this.#flushSince < 0 &&
			this.state === 'running' &&
			!this.#pace.isOver(this.kernel.now())
		);
	}

	#submits(): void {
		this.#submitting = false;
		if (this.#isFlushDue()) {
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
		const {kernel, oracle} = this;
		const now = kernel.now();
		const io = this.#free[--this.#freeCount];
		this.#since[io] = this.#pace.take(now);
		this.#left[io] = this.#parts;
		this.#failed[io] = 0;
		this.outstanding++;
		const write = this.#pace.isWrite();
		let sector = this.#firstSector + this.#pace.offset(write) / sectorBytes;
		if (write) {
			this.#writesSinceFlush++;
		}

		for (let part = 0; part < this.#parts; part++) {
			const tag = io * this.#parts + part;
			const request = this.#requests[tag];
			const sectors = request.bytes / sectorBytes;
			request.operation = write ? writeOperation : readOperation;
			request.sector = sector;
			request.identity = kernel.trace.begin();
			kernel.trace.hop(now, request.identity, this.#atSubmit, tag);
			if (write) {
				const number = oracle.submitWrite(sector, sectors);
				this.#token[tag] = number;
				this.#fill(request, number);
			} else {
				this.#token[tag] = oracle.submitRead(sector, sectors);
				this.#poison(request);
			}

			this.#send(tag);
			sector += sectors;
		}
	}

	#fill(request: BlockRequest, number: number): void {
		let sector = request.sector;
		for (let i = 0; i < request.segments; i++) {
			const page = request.pages[i];
			const sectors = request.lengths[i] / sectorBytes;
			this.oracle.fill(number, sector, sectors, this.kernel.bytes(page), this.kernel.words(page), 0);
			sector += sectors;
		}
	}

	#poison(request: BlockRequest): void {
		for (let i = 0; i < request.segments; i++) {
			const words = this.kernel.words(request.pages[i]);
			for (let sector = 0; sector < sectorsPerPage; sector++) {
				words[sector * (sectorBytes / 4)] = poison;
			}
		}
	}

	#send(tag: number): void {
		if (this.#refusedCount === 0 && this.device.submit(this.#requests[tag])) {
			return;
		}

		if (this.#refusedCount === 0) {
			this.device.whenRoom(this.#room);
		}

		this.#refused[(this.#refusedFrom + this.#refusedCount++) % this.#refused.length] = tag;
	}

	#retries(): void {
		if (this.#flushRefused) {
			this.#flushRefused = false;
			this.#sendFlush();
		}

		while (this.#refusedCount > 0) {
			if (!this.device.submit(this.#requests[this.#refused[this.#refusedFrom]])) {
				this.device.whenRoom(this.#room);
				return;
			}

			this.#refusedFrom = (this.#refusedFrom + 1) % this.#refused.length;
			this.#refusedCount--;
		}

		this.#wantSubmit();
	}

	#submitFlush(): void {
		this.#writesSinceFlush = 0;
		this.#flushSince = this.kernel.now();
		this.#flushToken = this.oracle.submitFlush();
		if (!this.#flushesSupported) {
			// A device without a volatile cache has nothing to flush: the block layer answers at once.
			this.#status[this.#flush.tag] = okay;
			this.kernel.step(this.#complete, this.#flush.tag);
			return;
		}

		this.#flush.identity = this.kernel.trace.begin();
		this.#flush.vcpu = this.vcpu;
		this.kernel.trace.hop(this.#flushSince, this.#flush.identity, this.#atSubmit, this.#flush.tag);
		this.#sendFlush();
	}

	#sendFlush(): void {
		if (!this.device.submit(this.#flush)) {
			this.#flushRefused = true;
			this.device.whenRoom(this.#room);
		}
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
		if (tag === this.#flush.tag) {
			this.#flushed();
			return;
		}

		const {kernel} = this;
		const request = this.#requests[tag];
		const good = this.#status[tag] === okay;
		kernel.trace.hop(kernel.now(), request.identity, this.#atDone, tag);
		this.#endToken(tag, request, good);
		const io = Math.floor(tag / this.#parts);
		if (!good) {
			this.#failed[io] = 1;
		}

		if (--this.#left[io] === 0) {
			this.#finish(io, request.operation === writeOperation);
		}

		this.#wantSubmit();
	}

	/** Tells the oracle how a request ended; what was read is compared. */
	#endToken(tag: number, request: BlockRequest, good: boolean): void {
		const {oracle, kernel} = this;
		const token = this.#token[tag];
		const sectors = request.bytes / sectorBytes;
		this.#token[tag] = 0;
		if (request.operation === writeOperation) {
			if (good) {
				oracle.acknowledge(token, request.sector, sectors);
			} else {
				oracle.fail(token, request.sector, sectors);
			}

			return;
		}

		let sector = request.sector;
		for (let i = 0; good && i < request.segments; i++) {
			const page = request.pages[i];
			const count = request.lengths[i] / sectorBytes;
			this.violations += oracle.check(token, sector, count, kernel.bytes(page), kernel.words(page), 0);
			sector += count;
		}

		oracle.endRead(token, request.sector, sectors);
	}

	#finish(io: number, write: boolean): void {
		const {bs} = this.options;
		const latency = this.kernel.now() - this.#since[io];
		this.outstanding--;
		this.#free[this.#freeCount++] = io;
		if (this.#failed[io] === 1) {
			this.#errors[write ? 'write' : 'read']++;
		}

		if (write) {
			this.writes++;
			this.bytesWritten += bs;
			this.writeLatency.record(latency);
		} else {
			this.reads++;
			this.bytesRead += bs;
			this.readLatency.record(latency);
		}

		if (this.outstanding === 0) {
			this.#drained();
		}
	}

	#flushed(): void {
		const {kernel} = this;
		const status = this.#status[this.#flush.tag];
		const good = status === okay;
		this.oracle.endFlush(this.#flushToken, good);
		this.flushes++;
		this.flushLatency.record(kernel.now() - this.#flushSince);
		this.#flushSince = -1;
		if (status === notSupported) {
			kernel.log('warning', `${this.options.name}: ${this.device.name} cannot flush`);
			this.#flushesSupported = false;
		} else if (!good) {
			this.#errors.flush++;
		}

		this.#drained();
		this.#wantSubmit();
	}

	/** Nothing is in flight: time to pause or to end, unless a flush is due first. */
	#drained(): void {
		if (this.#isFlushDue() || this.#flushSince >= 0) {
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
		this.state = 'running';
		this.#pace.resume();
		if (this.#pace.isOver(this.kernel.now())) {
			this.#endIfOver();
		}

		this.#wantSubmit();
	}

	#endIfOver(): void {
		if (this.outstanding === 0 && this.#flushSince < 0 && !this.#isFlushDue()) {
			this.state = 'ended';
		}
	}
}
