import * as fc from 'fast-check';
import {beforeEach, describe, expect, it} from 'vitest';
import {type ArmedFault, alter, delay, drop, pass} from '../../../source/engine/fault-points.js';
import {NvmeController} from '../../../source/hw/disk/nvme-controller.js';
import type {NvmeOptions} from '../../../source/hw/disk/nvme-options.js';
import {NvmeDriver, type NvmeDriverOptions} from '../../../source/sim/drivers/nvme.js';
import {driverFor} from '../../../source/sim/drivers/registry.js';
import {
	type BlockOperation,
	BlockRequest,
	flushOperation,
	ioError,
	okay,
	readOperation,
	writeOperation,
} from '../../../source/sim/kernel/block-device.js';
import {FakeKernel} from '../../support/fake-kernel.js';
import {MemoryMedium} from '../../support/memory-medium.js';

const address = '00:04.0';
const second = 1_000_000_000;

interface Piece {
	readonly page: number;
	readonly offset: number;
	readonly bytes: number;
}

class Bench {
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
function times(count: number, verdict: ReturnType<ArmedFault['decide']>): ArmedFault['decide'] {
	let left = count;
	return () => (left-- > 0 ? verdict : pass);
}

const whole = (page: number): Piece => ({page, offset: 0, bytes: 4096});

describe('NVMe driver', () => {
	let bench: Bench;
	beforeEach(() => {
		bench = new Bench().start();
	});

	it('is found by class code', () => {
		expect(driverFor(0x1b36, 0x0010, 0x010802)?.name).toBe('nvme');
		expect(driverFor(0x8086, 0x100e, 0x020000)).toBeUndefined();
	});

	it('probes a controller and learns its limits', () => {
		expect(bench.ready).toBe(true);
		expect(bench.driver.state).toBe('live');
		expect(bench.driver.disk.limits).toMatchObject({
			sectors: bench.medium.sectors,
			bytes: 131_072,
			segments: 33,
			depth: 1023,
			logicalBlock: 512,
			volatileCache: true,
		});
		expect(bench.kernel.lines).toEqual([
			'nvme nvme0: PCI function 00:04.0',
			'nvme nvme0: Medium for tests, serial RT-nvme0, one I/O queue of 1024 entries',
			'nvme0n1: 1048576 sectors of 512 bytes, blocks of 512 bytes, volatile write cache',
		]);
	});

	it('gives up on a device that is not there', () => {
		bench = new Bench();
		bench.kernel.bus.setPresent(address, false);
		bench.start();
		expect([bench.failed, bench.driver.state]).toEqual([true, 'dead']);
	});

	it('moves bytes between pages and the medium, without a copy of its own', () => {
		const page = bench.page(1);
		expect(bench.io(writeOperation, 100, [whole(page)])).toBe(okay);
		expect(bench.medium.sector(103)).toEqual(bench.kernel.bytes(page).subarray(1536, 2048));
		const other = bench.kernel.page();
		expect(bench.io(readOperation, 100, [whole(other)])).toBe(okay);
		expect(bench.kernel.bytes(other)).toEqual(bench.kernel.bytes(page));
		expect(bench.driver.counters).toMatchObject({commands: 2, completions: 2, bounces: 0, splits: 0, errors: 0});
	});

	it('takes four steps for a request: queue, doorbell, interrupt, finish', () => {
		bench.kernel.ran.length = 0;
		bench.io(readOperation, 0, [whole(bench.kernel.page())]);
		expect(bench.kernel.ran).toEqual(['test', 'nvme0 queue', 'nvme0 doorbell', 'nvme0 interrupt', 'nvme0 finish']);
	});

	it('flushes, and forces writes to the medium where asked', () => {
		expect(bench.io(flushOperation, 0, [])).toBe(okay);
		expect(bench.medium.flushes).toBe(1);
		let status: number | undefined;
		const request = bench.request(writeOperation, 8, [whole(bench.page(2))], (answer) => {
			status = answer;
		});
		request.forceUnitAccess = true;
		bench.kernel.inTask(() => bench.driver.disk.submit(request));
		bench.kernel.run(second);
		expect([status, bench.medium.forced]).toEqual([okay, 1]);
	});

	it('uses PRP 2 for a second page and a list beyond it', () => {
		for (const count of [1, 2, 3, 11, 32]) {
			const pages = Array.from({length: count}, (_, i) => bench.page(count * 40 + i));
			expect(bench.io(writeOperation, 1000, pages.map(whole))).toBe(okay);
			for (const [i, page] of pages.entries()) {
				expect(bench.medium.sector(1000 + i * 8)).toEqual(bench.kernel.bytes(page).subarray(0, 512));
				expect(bench.medium.sector(1007 + i * 8)).toEqual(bench.kernel.bytes(page).subarray(3584));
			}
		}

		expect(bench.driver.counters.splits).toBe(0);
		expect(bench.driver.counters.commands).toBe(5);
	});

	describe('splits a request that one command cannot express', () => {
		const rows: readonly (readonly [string, number, readonly (readonly [offset: number, bytes: number])[]])[] = [
			['one piece inside a page', 1, [[512, 1024]]],
			[
				'first starting, last ending inside a page',
				1,
				[
					[2048, 2048],
					[0, 4096],
					[0, 512],
				],
			],
			[
				'a hole at the end of a page',
				2,
				[
					[0, 2048],
					[0, 4096],
				],
			],
			[
				'a hole at the start of a page',
				2,
				[
					[0, 4096],
					[512, 3584],
				],
			],
			[
				'half pages all along',
				3,
				[
					[0, 2048],
					[2048, 2048],
					[1024, 512],
				],
			],
			[
				'every piece apart',
				4,
				[
					[512, 512],
					[512, 512],
					[512, 512],
					[512, 512],
				],
			],
		];
		it.each(rows)('%s: %i commands', (_what, commands, pieces) => {
			const list = pieces.map(([offset, bytes], i): Piece => ({page: bench.page(i + 1), offset, bytes}));
			expect(bench.io(writeOperation, 64, list)).toBe(okay);
			expect(bench.driver.counters.commands).toBe(commands);
			let sector = 64;
			for (const {page, offset, bytes} of list) {
				for (let at = 0; at < bytes; at += 512) {
					expect(bench.medium.sector(sector++)).toEqual(
						bench.kernel.bytes(page).subarray(offset + at, offset + at + 512),
					);
				}
			}
		});

		it('joins neighbouring pieces of one page', () => {
			const page = bench.page(9);
			const list = [0, 1024, 2048, 3072].map((offset): Piece => ({page, offset, bytes: 1024}));
			expect(bench.io(writeOperation, 8, list)).toBe(okay);
			expect(bench.driver.counters.commands).toBe(1);
		});

		it('whatever the pieces are, the bytes on the medium are theirs, in order', () => {
			const piece = fc.tuple(fc.integer({min: 0, max: 7}), fc.integer({min: 1, max: 8}), fc.boolean());
			fc.assert(
				fc.property(fc.array(piece, {minLength: 1, maxLength: 11}), (shapes) => {
					const list: Piece[] = [];
					for (const [i, [first, count, again]] of shapes.entries()) {
						const before = list.at(-1);
						const end = before === undefined ? 0 : before.offset + before.bytes;
						if (again && before !== undefined && end < 4096) {
							list.push({page: before.page, offset: end, bytes: Math.min(4096 - end, count * 512)});
						} else {
							list.push({page: bench.page(i), offset: first * 512, bytes: Math.min(8 - first, count) * 512});
						}
					}

					expect(bench.io(writeOperation, 2000, list)).toBe(okay);
					let sector = 2000;
					for (const {page, offset, bytes} of list) {
						for (let at = 0; at < bytes; at += 512) {
							const expected = bench.kernel.bytes(page).subarray(offset + at, offset + at + 512);
							expect(bench.medium.sector(sector++).equals(expected)).toBe(true);
						}
					}

					for (const page of new Set(list.map((each) => each.page))) bench.kernel.releasePage(page);
				}),
				{numRuns: 60},
			);
		});

		it('copies through memory of its own only where blocks of 4096 bytes force it', () => {
			bench = new Bench({}, {logicalBlock: 4096}).start();
			expect(bench.driver.disk.limits.logicalBlock).toBe(4096);
			const aligned = [whole(bench.page(1)), whole(bench.page(2))];
			expect(bench.io(writeOperation, 80, aligned)).toBe(okay);
			expect(bench.driver.counters.bounces).toBe(0);
			const pieces = [
				{page: bench.page(3), offset: 512, bytes: 2048},
				{page: bench.page(4), offset: 0, bytes: 2048},
			];
			expect(bench.io(writeOperation, 160, pieces)).toBe(okay);
			expect(bench.driver.counters.bounces).toBe(1);
			expect(bench.medium.sector(164)).toEqual(bench.kernel.bytes(pieces[1].page).subarray(0, 512));
			const back = [
				{page: bench.kernel.page(), offset: 1024, bytes: 512},
				{page: bench.kernel.page(), offset: 0, bytes: 3584},
			];
			expect(bench.io(readOperation, 160, back)).toBe(okay);
			expect(bench.kernel.bytes(back[0].page).subarray(1024, 1536)).toEqual(bench.medium.sector(160));
			expect(bench.kernel.bytes(back[1].page).subarray(3072, 3584)).toEqual(bench.medium.sector(167));
		});
	});

	it('says full when its tags are used up, and wakes who waits when there is room', () => {
		bench = new Bench({queueEntries: 5}).start();
		expect(bench.driver.disk.limits).toMatchObject({depth: 4, segments: 4});
		const answers: number[] = [];
		let woken = 0;
		bench.kernel.inTask(() => {
			const page = bench.page(1);
			const make = () => bench.request(writeOperation, 0, [whole(page)], (status) => answers.push(status));
			for (let i = 0; i < 4; i++) expect(bench.driver.disk.submit(make())).toBe(true);
			expect(bench.driver.disk.submit(make())).toBe(false);
			bench.driver.disk.whenRoom(() => {
				woken++;
				expect(bench.driver.disk.submit(make())).toBe(true);
			});
		});
		bench.kernel.run(second);
		expect([woken, answers]).toEqual([1, [0, 0, 0, 0, 0]]);
		expect(bench.driver.outstanding).toBe(0);
	});

	it('keeps many requests in flight over every wrap of its queues, each answered once', () => {
		bench = new Bench({queueEntries: 16}).start();
		let left = 500;
		let answers = 0;
		const pages = Array.from({length: 10}, (_, i) => bench.page(i));
		const requests = pages.map((page, i) =>
			bench.request(writeOperation, i * 8, [whole(page)], () => {
				answers++;
				if (left-- > 0) bench.driver.disk.submit(requests[i]);
			}),
		);
		bench.kernel.inTask(() => {
			for (const request of requests) bench.driver.disk.submit(request);
		});
		bench.kernel.run(second);
		expect(answers).toBe(510);
		expect(bench.driver.counters).toMatchObject({commands: 510, completions: 510, unexpected: 0});
	});

	it('leaves a trace: queued, rung, completed; and the controller finds the request’s identity', () => {
		const {trace} = bench.kernel.engine;
		const request = bench.request(readOperation, 0, [whole(bench.kernel.page())], () => {});
		request.identity = trace.begin();
		bench.kernel.inTask(() => bench.driver.disk.submit(request));
		bench.kernel.run(second);
		const points = trace.recent(100).filter((record) => record.request === request.identity);
		expect(points.map((record) => record.point)).toEqual([
			'nvme0 queue',
			'nvme0 doorbell',
			'nvme0 medium',
			'nvme0 transfer',
			'nvme0 completion',
			'nvme0 driver',
		]);
		expect(bench.driver.requestIdentity(1, 77)).toBe(0);
	});

	it('reports an error of the drive as EIO, after the retries that may help', () => {
		bench.medium.status = 0x281;
		expect(bench.io(readOperation, 40, [whole(bench.kernel.page())])).toBe(ioError);
		expect(bench.driver.counters).toMatchObject({commands: 6, retries: 5, errors: 1});
		expect(bench.kernel.lines.at(-1)).toBe('nvme0n1: read of 8 sectors at 40 failed, status 0x281');
	});

	it('does not retry what the drive says would fail again', () => {
		expect(bench.io(readOperation, bench.medium.sectors, [whole(bench.kernel.page())])).toBe(ioError);
		expect(bench.driver.counters).toMatchObject({commands: 1, retries: 0, errors: 1});
	});

	describe('when something is lost', () => {
		it('finds a completion whose interrupt never came, at the timeout', () => {
			bench.arm('interrupt.message', times(1, drop));
			expect(bench.io(writeOperation, 0, [whole(bench.page(1))])).toBe(okay);
			expect(bench.kernel.now()).toBeGreaterThan(30 * second);
			expect(bench.kernel.lines.at(-1)).toBe('nvme nvme0: I/O 0 QID 1 timeout, completion polled');
			expect(bench.driver.counters).toMatchObject({timeouts: 1, aborts: 0, resets: 0});
			expect(bench.io(readOperation, 0, [whole(bench.kernel.page())])).toBe(okay);
		});

		it('aborts a command the drive swallowed, and sends it again', () => {
			bench.arm('disk.command', times(1, drop));
			expect(bench.io(writeOperation, 0, [whole(bench.page(1))])).toBe(okay);
			expect(bench.driver.counters).toMatchObject({timeouts: 1, aborts: 1, retries: 1, resets: 0, errors: 0});
			expect(bench.kernel.lines.slice(-2)).toEqual([
				'nvme nvme0: I/O 0 QID 1 timeout, aborting',
				'nvme nvme0: abort took effect',
			]);
		});

		it('resets the controller when the abort has no effect, and sends again what was under way', () => {
			bench.arm('disk.completion', times(1, drop));
			const page = bench.page(5);
			const answers: number[] = [];
			bench.kernel.inTask(() => {
				bench.driver.disk.submit(bench.request(writeOperation, 0, [whole(page)], (status) => answers.push(status)));
			});
			bench.kernel.run(59 * second);
			expect(bench.kernel.lines.slice(-2)).toEqual([
				'nvme nvme0: I/O 0 QID 1 timeout, aborting',
				'nvme nvme0: abort had no effect, status 0x0',
			]);
			bench.kernel.run(2 * second);
			expect(answers).toEqual([okay]);
			expect(bench.kernel.lines.slice(-2)).toEqual([
				'nvme nvme0: I/O 0 QID 1 timeout, reset controller',
				'nvme nvme0: reset done, 1 commands sent again',
			]);
			expect(bench.driver.counters).toMatchObject({aborts: 1, resets: 1});
			expect(bench.medium.sector(0)).toEqual(bench.kernel.bytes(page).subarray(0, 512));
			expect(bench.io(readOperation, 0, [whole(bench.kernel.page())])).toBe(okay);
		});

		it('ignores a completion that comes twice', () => {
			bench.arm('disk.completion', times(1, alter), 1);
			expect(bench.io(writeOperation, 0, [whole(bench.page(1))])).toBe(okay);
			bench.kernel.run(1_000_000);
			expect(bench.driver.counters.unexpected).toBe(1);
			expect(bench.io(readOperation, 0, [whole(bench.kernel.page())])).toBe(okay);
		});

		it('takes requests while the controller is being reset, and carries them out afterwards', () => {
			bench.controller.fail();
			while (bench.driver.state === 'live') bench.kernel.run(100_000);
			expect(bench.driver.state).toBe('resetting');
			expect(bench.io(writeOperation, 0, [whole(bench.page(1))])).toBe(okay);
			expect(bench.driver.state).toBe('live');
		});
	});

	it('resets a controller that reports a fatal status, within the watchdog’s second', () => {
		bench.medium.time = 10 * second;
		const answers: number[] = [];
		bench.kernel.inTask(() => {
			for (let i = 0; i < 20; i++) {
				const request = bench.request(writeOperation, i * 8, [whole(bench.page(i))], (status) => answers.push(status));
				bench.driver.disk.submit(request);
			}
		});
		bench.kernel.run(1_000_000);
		bench.medium.time = 10_000;
		bench.controller.fail();
		bench.kernel.run(2 * second);
		expect(bench.kernel.lines).toContain('nvme nvme0: controller is down; will reset: CSTS=0x3, PCI_STATUS=0x10');
		expect(bench.kernel.lines.at(-1)).toBe('nvme nvme0: reset done, 20 commands sent again');
		expect(answers).toEqual(new Array(20).fill(okay));
	});

	it('fails everything when the device is gone, and goes on when it is back', () => {
		bench.medium.time = 10 * second;
		const answers: number[] = [];
		bench.kernel.inTask(() => {
			for (let i = 0; i < 3; i++) {
				bench.driver.disk.submit(
					bench.request(writeOperation, i * 8, [whole(bench.page(i))], (status) => answers.push(status)),
				);
			}
		});
		bench.kernel.run(1_000_000);
		bench.kernel.bus.setPresent(address, false);
		bench.controller.losePower();
		bench.kernel.run(2 * second);
		expect(answers).toEqual([ioError, ioError, ioError]);
		expect(bench.driver.state).toBe('removed');
		expect(bench.io(readOperation, 0, [whole(bench.kernel.page())])).toBe(ioError);
		bench.medium.time = 10_000;
		bench.controller.restorePower();
		bench.kernel.bus.setPresent(address, true);
		bench.kernel.run(2 * second);
		expect(bench.driver.state).toBe('live');
		expect(bench.io(writeOperation, 0, [whole(bench.page(1))])).toBe(okay);
	});

	it('waits for a delayed command rather than losing it', () => {
		bench.arm('disk.command', times(1, delay), 20 * second);
		expect(bench.io(readOperation, 0, [whole(bench.kernel.page())])).toBe(okay);
		expect(bench.driver.counters).toMatchObject({timeouts: 0, commands: 1});
	});

	/** Faults that may hit the commands of a reset too. */
	const resetting = ['lost completion', 'stale phase', 'fatal'];

	it('answers every request exactly once, whatever the drive loses, delays, repeats or refuses', () => {
		const fault = fc.constantFrom(
			'none',
			'lost command',
			'lost completion',
			'twice',
			'lost interrupt',
			'stale phase',
			'refused',
			'fatal',
		);
		fc.assert(
			fc.property(fc.array(fault, {minLength: 1, maxLength: 12}), (faults) => {
				const bench = new Bench({ioTimeout: second / 100, adminTimeout: second / 50, watchdog: second / 100}).start();
				const answers: number[] = new Array(faults.length * 4).fill(0);
				let errors = 0;
				for (const [i, kind] of faults.entries()) {
					if (kind === 'lost command') bench.arm('disk.command', times(1, drop));
					if (kind === 'refused') bench.arm('disk.command', times(1, alter), 0x281);
					if (kind === 'lost completion') bench.arm('disk.completion', times(1, drop));
					if (kind === 'twice') bench.arm('disk.completion', times(1, alter), 1);
					if (kind === 'stale phase') bench.arm('disk.completion', times(1, alter), 2);
					if (kind === 'lost interrupt') bench.arm('interrupt.message', times(1, drop));
					if (kind === 'fatal') bench.controller.fail();
					bench.kernel.inTask(() => {
						for (let n = 0; n < 4; n++) {
							const at = i * 4 + n;
							const request = bench.request(writeOperation, at * 8, [whole(bench.page(at))], (status) => {
								if (status !== okay) errors++;
								answers[at]++;
							});
							expect(bench.driver.disk.submit(request)).toBe(true);
						}
					});
					bench.kernel.run(30_000);
				}

				bench.kernel.run(2 * second);
				expect(answers).toEqual(new Array(faults.length * 4).fill(1));
				expect(bench.driver.outstanding).toBe(0);
				// A reset whose own commands go unanswered is the end of the device, as it is for Linux.
				if (bench.driver.state === 'dead' && faults.some((kind) => resetting.includes(kind))) return;
				expect([errors, bench.driver.state]).toEqual([0, 'live']);
				for (let at = 0; at < answers.length; at++) {
					expect(bench.medium.sector(at * 8)[1]).toBe((7 + at * 31) & 0xff);
				}
			}),
			{numRuns: 40},
		);
	});
});
