/**
The requests of a job: as many for each I/O as the device's limits ask for, with pages of the job's own. A write's pages are filled with what
the oracle makes for it, a read's are poisoned before and compared after; the oracle hears of each before it is submitted and when
it is over.
*/
import {type BlockLimits, BlockRequest, readOperation, sectorBytes, writeOperation} from '../kernel/block-device.js';
import type {Kernel, Page} from '../kernel/kernel.js';
import type {DiskOracle} from './disk-oracle.js';

const pageBytes = 4096;
const sectorsPerPage = pageBytes / sectorBytes;
/** Stands in each sector of a page before it is read into: what no disk gives. */
const poison = 0x6b6b6b6b;

export class JobRequests {
	/** Requests of one I/O. Those of I/O number `io` have tags from `io * parts` on. */
	readonly parts: number;
	/** By tag. */
	readonly all: BlockRequest[] = [];
	/** Bytes of each request of an I/O but the last. */
	readonly #partBytes: number;
	/** By tag, the oracle's number: of the write, or the moment of the read; 0 when it is not under way. */
	readonly #token: Float64Array;

	/**
	@param bs bytes of an I/O.
	@param iodepth how many I/Os there are.
	*/
	constructor(
		private readonly kernel: Kernel,
		private readonly oracle: DiskOracle,
		limits: BlockLimits,
		private readonly bs: number,
		iodepth: number,
		answered: (request: BlockRequest, status: number) => void,
	) {
		const largest = Math.min(limits.bytes - (limits.bytes % pageBytes), limits.segments * pageBytes);
		this.#partBytes = Math.min(bs, largest);
		this.parts = Math.ceil(bs / this.#partBytes);
		const count = iodepth * this.parts;
		for (let tag = 0; tag < count; tag++) {
			this.all.push(new BlockRequest(Math.ceil(this.#partBytes / pageBytes), tag, answered));
		}

		this.#token = new Float64Array(count);
	}

	/** Gives the requests their pages, in order through each I/O. Only the last of a request may be used in part. */
	givePages(vcpu: number): void {
		for (const request of this.all) {
			const bytes = Math.min(this.#partBytes, this.bs - (request.tag % this.parts) * this.#partBytes);
			request.segments = Math.ceil(bytes / pageBytes);
			request.vcpu = vcpu;
			for (let i = 0; i < request.segments; i++) {
				const page: Page = this.kernel.page();
				request.pages[i] = page;
				request.offsets[i] = 0;
				request.lengths[i] = Math.min(pageBytes, bytes - i * pageBytes);
			}
		}
	}

	/** The request is about to be submitted. Returns how many sectors it is for. */
	begin(request: BlockRequest, write: boolean, sector: number): number {
		const sectors = request.bytes / sectorBytes;
		request.operation = write ? writeOperation : readOperation;
		request.sector = sector;
		if (write) {
			const number = this.oracle.submitWrite(sector, sectors);
			this.#token[request.tag] = number;
			this.#fill(request, number);
		} else {
			this.#token[request.tag] = this.oracle.submitRead(sector, sectors);
			this.#poison(request);
		}

		return sectors;
	}

	/** The request was answered. What was read is compared; returns how many sectors were not as they may be. */
	end(request: BlockRequest, good: boolean): number {
		const {oracle, kernel} = this;
		const token = this.#token[request.tag];
		const sectors = request.bytes / sectorBytes;
		this.#token[request.tag] = 0;
		if (request.operation === writeOperation) {
			if (good) {
				oracle.acknowledge(token, request.sector, sectors);
			} else {
				oracle.fail(token, request.sector, sectors);
			}

			return 0;
		}

		let wrong = 0;
		let sector = request.sector;
		for (let i = 0; good && i < request.segments; i++) {
			const page = request.pages[i];
			const count = request.lengths[i] / sectorBytes;
			wrong += oracle.check(token, sector, count, kernel.bytes(page), kernel.words(page), 0);
			sector += count;
		}

		oracle.endRead(token, request.sector, sectors);
		return wrong;
	}

	/** Nobody will answer those that are under way. */
	abandon(): void {
		for (const request of this.all) {
			if (this.#token[request.tag] > 0) {
				this.end(request, false);
			}
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
}
