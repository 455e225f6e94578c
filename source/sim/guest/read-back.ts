/**
What a domain that comes back does before its jobs go on: it reads what the oracle knows of a disk, and every byte is compared. Blocks with writes
that nobody answered all of them, of the others an even choice when there are many. It is ordinary work of the domain's kernel.
*/
import type {Step} from '../../engine/step.js';
import {type BlockDevice, type BlockRequest, okay, sectorBytes} from '../kernel/block-device.js';
import type {Kernel} from '../kernel/kernel.js';
import {DeviceQueue} from './device-queue.js';
import type {DiskOracle} from './disk-oracle.js';
import {jobCosts} from './job.js';
import {JobRequests} from './job-requests.js';
import {blockBytes, sectorsPerBlock} from './pattern.js';

/** Blocks that are read back at most, but for those whose writes are not settled; and reads in flight. */
const mostBlocks = 4096;
const depth = 16;

export class ReadBack {
	/** Sectors that were not as they may be, and reads that failed. */
	violations = 0;
	errors = 0;
	readonly #blocks: readonly number[];
	#next = 0;
	#inFlight = 0;
	#over = false;
	readonly #requests: JobRequests;
	readonly #free: BlockRequest[] = [];
	readonly #queue: DeviceQueue;
	readonly #status: Int32Array;
	readonly #begin: Step;
	readonly #submit: Step;
	readonly #complete: Step;
	readonly #retry: Step;

	/** @param disk its name in messages. @param done called once, in a step of the kernel, when everything has been compared. */
	constructor(
		private readonly kernel: Kernel,
		device: BlockDevice,
		oracle: DiskOracle,
		private readonly disk: string,
		private readonly done: () => void,
	) {
		const capacity = Math.floor(device.limits.sectors / sectorsPerBlock);
		this.#blocks = oracle.known(mostBlocks).filter((block) => block < capacity);
		const answered = (request: BlockRequest, status: number) => {
			this.#status[request.tag] = status;
			kernel.step(this.#complete, request.tag);
		};
		this.#requests = new JobRequests(kernel, oracle, device.limits, blockBytes, depth, answered);
		this.#queue = new DeviceQueue(device, this.#requests.all, () => kernel.step(this.#retry));
		this.#status = new Int32Array(this.#requests.all.length);
		const cost = {...jobCosts.complete, ns: jobCosts.complete.ns + jobCosts.verify.ns};
		this.#begin = kernel.define(`${disk} read back`, jobCosts.arrive, () => this.#begins());
		this.#submit = kernel.define(`${disk} read back submit`, jobCosts.submit, () => this.#submits());
		this.#complete = kernel.define(`${disk} read back complete`, cost, (tag) => this.#completes(tag));
		this.#retry = kernel.define(`${disk} read back retry`, jobCosts.retry, () => void this.#queue.retry());
	}

	/** Called once, from inside or outside a step. */
	start(): void {
		this.kernel.task(this.#begin);
	}

	/** The domain is gone: nobody will answer what is in flight. */
	abandon(): void {
		this.#over = true;
		this.#requests.abandon();
	}

	#begins(): void {
		this.#requests.givePages(0);
		this.#free.push(...this.#requests.all);
		this.kernel.step(this.#submit);
	}

	#submits(): void {
		const request = this.#next < this.#blocks.length ? this.#free.pop() : undefined;
		if (request === undefined) {
			if (this.#inFlight === 0) {
				this.#end();
			}

			return;
		}

		const {trace} = this.kernel;
		this.#inFlight++;
		request.identity = trace.begin();
		this.#requests.begin(request, false, this.#blocks[this.#next++] * sectorsPerBlock);
		this.#queue.send(request);
		if (this.#free.length > 0 && this.#next < this.#blocks.length) {
			this.kernel.step(this.#submit);
		}
	}

	#completes(tag: number): void {
		const request = this.#requests.all[tag];
		const good = this.#status[tag] === okay;
		this.violations += this.#requests.end(request, good);
		this.errors += good ? 0 : 1;
		this.#inFlight--;
		this.#free.push(request);
		this.kernel.step(this.#submit);
	}

	#end(): void {
		if (this.#over) {
			return;
		}

		this.#over = true;
		const {violations, errors} = this;
		for (const {pages, segments} of this.#requests.all) {
			for (let i = 0; i < segments; i++) {
				this.kernel.releasePage(pages[i]);
			}
		}

		const wrong = violations > 0 ? `, ${violations} of them wrong` : '';
		const unread = errors > 0 ? `, ${errors} reads failed` : '';
		const sectors = this.#blocks.length * (blockBytes / sectorBytes);
		this.kernel.log(
			violations + errors > 0 ? 'error' : 'info',
			`${this.disk}: read back ${sectors} sectors that were written before${wrong}${unread}`,
		);
		this.done();
	}
}
