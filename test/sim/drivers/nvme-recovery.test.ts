/** The NVMe driver when things go wrong: lost interrupts, commands and completions, errors, fatal status, a device that is gone. */
import * as fc from 'fast-check';
import {beforeEach, describe, expect, it} from 'vitest';
import {alter, delay, drop} from '../../../source/engine/fault-points.js';
import {ioError, okay, readOperation, writeOperation} from '../../../source/sim/kernel/block-device.js';
import {address, NvmeBench, second, times, whole} from '../../support/nvme-bench.js';

describe('NVMe driver in trouble', () => {
	let bench: NvmeBench;
	beforeEach(() => {
		bench = new NvmeBench().start();
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
				const bench = new NvmeBench({
					ioTimeout: second / 100,
					adminTimeout: second / 50,
					watchdog: second / 100,
				}).start();
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
