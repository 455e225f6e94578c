/**
A block device for tests: keeps sectors in memory and completes each request after a time of the test's choosing, in steps of a
kernel. It looks at every request when it completes, so that a page taken away too early shows.
*/
import type {Step} from '../../source/engine/step.js';
import {
	type BlockDevice,
	type BlockLimits,
	type BlockRequest,
	flushOperation,
	ioError,
	okay,
	readOperation,
	sectorBytes,
} from '../../source/sim/kernel/block-device.js';
import type {Kernel} from '../../source/sim/kernel/kernel.js';

const cost = {name: 'memory-disk.complete', ns: 300, source: 'test'};

export class MemoryDisk implements BlockDevice {
	readonly name = 'disk';
	readonly limits: BlockLimits;
	readonly data: Buffer;
	/** Requests as they came: operation, sector, sectors. */
	readonly seen: {operation: number; sector: number; sectors: number}[] = [];
	/** Nanoseconds the n-th request takes. */
	latency: (count: number) => number = () => 80_000;
	/** Status of a request; undefined answers okay. */
	status: (request: BlockRequest) => number = () => okay;
	/** Nothing completes while set. */
	held = false;
	inFlight = 0;
	mostInFlight = 0;
	readonly #slots: (BlockRequest | null)[];
	readonly #complete: Step;
	readonly #waiters: (() => void)[] = [];

	constructor(
		private readonly kernel: Kernel,
		limits: Partial<BlockLimits> = {},
	) {
		this.limits = {
			sectors: 2048,
			bytes: 1 << 17,
			segments: 32,
			depth: 64,
			logicalBlock: sectorBytes,
			volatileCache: true,
			forceUnitAccess: false,
			readonly: false,
			...limits,
		};
		this.data = Buffer.alloc(this.limits.sectors * sectorBytes);
		this.#slots = new Array(this.limits.depth).fill(null);
		this.#complete = kernel.define('disk complete', cost, (slot) => this.#finish(slot));
	}

	submit(request: BlockRequest): boolean {
		const slot = this.#slots.indexOf(null);
		if (slot < 0) return false;
		this.#slots[slot] = request;
		this.inFlight++;
		this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
		this.seen.push({operation: request.operation, sector: request.sector, sectors: request.bytes / sectorBytes});
		this.kernel.timer(this.latency(this.seen.length - 1), this.#complete, slot);
		return true;
	}

	whenRoom(wake: () => void): void {
		this.#waiters.push(wake);
	}

	#finish(slot: number): void {
		if (this.held) {
			this.kernel.timer(100_000, this.#complete, slot);
			return;
		}

		const request = this.#slots[slot];
		if (request === null) throw new Error('a request completes once');
		this.#slots[slot] = null;
		this.inFlight--;
		let status = this.status(request);
		if (request.operation !== flushOperation && status === okay) status = this.#move(request);
		this.#waiters.shift()?.();
		request.done(request, status);
	}

	#move(request: BlockRequest): number {
		let at = request.sector * sectorBytes;
		for (let i = 0; i < request.segments; i++) {
			const page = this.kernel.bytes(request.pages[i]);
			const offset = request.offsets[i];
			const length = request.lengths[i];
			if (at + length > this.data.length) return ioError;
			if (request.operation === readOperation) this.data.copy(page, offset, at, at + length);
			else page.copy(this.data, at, offset, offset + length);
			at += length;
		}

		return okay;
	}
}
