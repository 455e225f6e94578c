/** The NVMe driver when all is well: probe, bytes, PRPs, splits, queues; against the real controller and a kernel without a hypervisor. */
import * as fc from 'fast-check';
import {beforeEach, describe, expect, it} from 'vitest';
import {driverFor} from '../../../source/sim/drivers/registry.js';
import {flushOperation, okay, readOperation, writeOperation} from '../../../source/sim/kernel/block-device.js';
import {address, NvmeBench, type Piece, second, whole} from '../../support/nvme-bench.js';

describe('NVMe driver', () => {
	let bench: NvmeBench;
	beforeEach(() => {
		bench = new NvmeBench().start();
	});

	it('is found by class code', () => {
		expect(driverFor(0x1b36, 0x0010, 0x010802)?.name).toBe('nvme');
		expect(driverFor(0x8086, 0x10d3, 0x020000)).toBeUndefined();
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
		bench = new NvmeBench();
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
			bench = new NvmeBench({}, {logicalBlock: 4096}).start();
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
		bench = new NvmeBench({queueEntries: 5}).start();
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
		bench = new NvmeBench({queueEntries: 16}).start();
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
});
