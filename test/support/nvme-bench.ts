/** The NVMe driver on a bench: a kernel of its own, the real controller, a medium in memory, and hands to submit and to break things. */
import {expect} from 'vitest';
import {type ArmedFault, pass} from '../../source/engine/fault-points.js';
import {NvmeController} from '../../source/hw/disk/nvme-controller.js';
import type {NvmeOptions} from '../../source/hw/disk/nvme-options.js';
import {NvmeDriver, type NvmeDriverOptions} from '../../source/sim/drivers/nvme.js';
import {type BlockOperation, BlockRequest} from '../../source/sim/kernel/block-device.js';
import {FakeKernel} from './fake-kernel.js';
import {MemoryMedium} from './memory-medium.js';

export const address = '00:04.0';
export const second = 1_000_000_000;

export interface Piece {
	readonly page: number;
	readonly offset: number;
	readonly bytes: number;
}

export class NvmeBench {
	readonly kernel = new FakeKernel();
	readonly medium = new MemoryMedium(this.kernel.engine);
	readonly controller: NvmeController;
	readonly driver: NvmeDriver;
	ready = false;
	failed = false;

	constructor(options: Partial<NvmeDriverOptions> = {}, drive: Partial<NvmeOptions> = {}) {
		const {engine, memory, interrupts, iommu, bus} = this.kernel;
		this.controller = new NvmeController({engine, memory, interrupts, iommu}, this.medium, {
			address,
			name: 'nvme0',
			...drive,
		});
		bus.plug(this.controller);
		iommu.device('nvme0').passThrough();
		this.driver = new NvmeDriver(this.kernel, this.kernel.device(address), options);
		this.controller.requestIdentity = (queue, cid) => this.driver.requestIdentity(queue, cid);
	}

	/** Probes and waits for it. */
	start(): this {
		this.driver.start(
			() => {
				this.ready = true;
			},
			() => {
				this.failed = true;
			},
		);
		this.kernel.run(second / 10);
		return this;
	}

	request(
		operation: BlockOperation,
		sector: number,
		pieces: readonly Piece[],
		done: (status: number) => void,
	): BlockRequest {
		const request = new BlockRequest(Math.max(1, pieces.length), 0, (_request, status) => done(status));
		request.operation = operation;
		request.sector = sector;
		request.segments = pieces.length;
		for (const [i, {page, offset, bytes}] of pieces.entries()) {
			request.pages[i] = page;
			request.offsets[i] = offset;
			request.lengths[i] = bytes;
		}

		return request;
	}

	/** Submits and runs until the answer, at most a minute; undefined when none came. */
	io(operation: BlockOperation, sector: number, pieces: readonly Piece[], wait = 60 * second): number | undefined {
		let answer: number | undefined;
		const request = this.request(operation, sector, pieces, (status) => {
			answer = status;
		});
		this.kernel.inTask(() => {
			expect(this.driver.disk.submit(request)).toBe(true);
		});
		const until = this.kernel.now() + wait;
		while (answer === undefined && this.kernel.now() < until) this.kernel.run(1_000_000);
		return answer;
	}

	/** A page filled with a pattern of its own. */
	page(seed: number): number {
		const page = this.kernel.page();
		const bytes = this.kernel.bytes(page);
		for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 7 + seed * 31 + (i >> 8)) & 0xff;
		return page;
	}

	arm(point: string, decide: ArmedFault['decide'], value = 0): void {
		const found = this.kernel.engine.faults.get(`${point} nvme0`);
		if (found === undefined) throw new Error(`no fault point ${point}`);
		found.armed = {decide, value};
	}

	disarm(point: string): void {
		const found = this.kernel.engine.faults.get(`${point} nvme0`);
		if (found) found.armed = null;
	}
}

/** True for the first `times` questions. */
export function times(count: number, verdict: ReturnType<ArmedFault['decide']>): ArmedFault['decide'] {
	let left = count;
	return () => (left-- > 0 ? verdict : pass);
}

export const whole = (page: number): Piece => ({page, offset: 0, bytes: 4096});
