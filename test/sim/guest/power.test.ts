/** Jobs against a real medium whose power fails again and again: the oracle agrees with an honest device and finds out a lying one. */
import {describe, expect, test} from 'vitest';
import type {CachedMedium} from '../../../source/hw/disk/media/cached-medium.js';
import {makeSsd} from '../../../source/hw/disk/media/ssd.js';
import {mediumFlush, mediumRead, mediumWrite} from '../../../source/hw/disk/medium.js';
import {Job} from '../../../source/sim/guest/job.js';
import type {JobOptions} from '../../../source/sim/guest/job-options.js';
import {Oracle} from '../../../source/sim/guest/oracle.js';
import {
	type BlockDevice,
	type BlockLimits,
	type BlockRequest,
	flushOperation,
	okay,
	readOperation,
} from '../../../source/sim/kernel/block-device.js';
import {FakeKernel} from '../../support/fake-kernel.js';

const millisecond = 1_000_000;
const size = 64 * 4096;

/** A driver without a controller: requests go straight to the medium; after loss of power it issues again what was in flight. */
class MediumDisk implements BlockDevice {
	readonly name = 'disk';
	readonly limits: BlockLimits;
	/** Answers flushes at once. */
	lies = false;
	readonly #slots: (BlockRequest | undefined)[] = new Array(64).fill(undefined);
	/** Slots that the medium has answered and nobody has heard of yet. */
	readonly #answered = new Set<number>();
	readonly #waiters: (() => void)[] = [];

	constructor(
		private readonly kernel: FakeKernel,
		readonly medium: CachedMedium,
	) {
		this.limits = {
			sectors: medium.sectors,
			bytes: 1 << 17,
			segments: 32,
			depth: 64,
			logicalBlock: 512,
			volatileCache: medium.volatileCache,
			forceUnitAccess: true,
			readonly: false,
		};
		const complete = kernel.define('complete', {name: 'complete', ns: 500, source: 'test'}, (slot) =>
			this.#complete(slot),
		);
		medium.done = (slot) => {
			this.#answered.add(slot);
			kernel.task(complete, slot);
		};
	}

	submit(request: BlockRequest): boolean {
		const slot = this.#slots.indexOf(undefined);
		if (slot < 0) return false;
		this.#slots[slot] = request;
		this.#start(slot, request);
		return true;
	}

	whenRoom(wake: () => void): void {
		this.#waiters.push(wake);
	}

	powerCycle(): void {
		this.medium.losePower();
		for (const [slot, request] of this.#slots.entries()) {
			if (request !== undefined && !this.#answered.has(slot)) this.#start(slot, request);
		}
	}

	#start(slot: number, request: BlockRequest): void {
		const sectors = request.bytes / 512;
		if (request.operation === flushOperation) {
			if (this.lies) this.medium.done(slot, okay);
			else this.medium.start(mediumFlush, 0, 0, slot, false);
			return;
		}

		if (request.operation === readOperation) {
			this.medium.start(mediumRead, request.sector, sectors, slot, false);
			return;
		}

		this.#move(request, true);
		this.medium.start(mediumWrite, request.sector, sectors, slot, request.forceUnitAccess);
	}

	#complete(slot: number): void {
		const request = this.#slots[slot];
		if (request === undefined) throw new Error('a request completes once');
		this.#answered.delete(slot);
		this.#slots[slot] = undefined;
		if (request.operation === readOperation) this.#move(request, false);
		this.#waiters.shift()?.();
		request.done(request, okay);
	}

	#move(request: BlockRequest, write: boolean): void {
		let {sector} = request;
		for (let i = 0; i < request.segments; i++) {
			const page = this.kernel.bytes(request.pages[i]);
			if (write) this.medium.writeBytes(sector, page, request.offsets[i], request.lengths[i]);
			else this.medium.readBytes(sector, page, request.offsets[i], request.lengths[i]);
			sector += request.lengths[i] / 512;
		}
	}
}

const plain: JobOptions = {
	name: 'plain',
	rw: 'randrw',
	rwmixread: 40,
	bs: 4096,
	iodepth: 8,
	offset: 0,
	size,
	rateIops: 0,
	rateProcess: 'linear',
	fsync: 0,
	thinktime: 0,
	thinktimeBlocks: 1,
	startdelay: 0,
	runtime: 0,
	numberIos: 0,
	verify: undefined,
};

function run(seed: number, lies: boolean, cycles: number): {violations: number; checked: number} {
	const kernel = new FakeKernel();
	const {engine} = kernel;
	const medium = makeSsd(engine, 'd', 1 << 16, {writeCache: 1 << 18, channels: 2, chips: 1, dies: 2});
	const disk = new MediumDisk(kernel, medium);
	disk.lies = lies;
	const oracle = new Oracle(engine).disk('web', 'xvda');
	const jobs: Partial<JobOptions>[] = [
		{name: 'mixed'},
		{name: 'log', rw: 'write', iodepth: 1, fsync: 1, bs: 2048},
		{name: 'large', rw: 'randwrite', iodepth: 3, bs: 16_384, fsync: 5, verify: 'crc32c'},
		{name: 'scan', rw: 'read', iodepth: 2, bs: 8192},
	];
	for (const job of jobs) {
		new Job(kernel, disk, {...plain, ...job}, oracle, engine.random.stream(`${seed}/${job.name}`)).start();
	}

	const random = engine.random.stream(`${seed}/power`);
	for (let cycle = 0; cycle < cycles; cycle++) {
		kernel.run(random.below(8 * millisecond));
		disk.powerCycle();
		oracle.powerLost();
	}

	kernel.run(20 * millisecond);
	return {violations: oracle.violations, checked: oracle.sectorsChecked};
}

describe('power that fails under load', () => {
	test('never makes the oracle cry wolf at an honest device', () => {
		let checked = 0;
		for (let seed = 1; seed <= 10; seed++) {
			const result = run(seed, false, 40);
			expect(result.violations).toBe(0);
			checked += result.checked;
		}

		expect(checked).toBeGreaterThan(50_000);
	});

	test('shows up a device that answers flushes without doing them', () => {
		let violations = 0;
		for (let seed = 1; seed <= 5; seed++) {
			violations += run(seed, true, 40).violations;
		}

		expect(violations).toBeGreaterThan(10);
	});
});
