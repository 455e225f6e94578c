/**
The 7200 rpm disk held against its data sheet: the seek curve, random reads a second at depth 1 over the whole stroke and over
one gibibyte, what deeper queues gain, sequential reads and write-back, and how long the arm is busy.
*/
import {describe, expect, test} from 'vitest';
import {armDefaults} from '../../../../source/hw/disk/media/arm.js';
import {makeHdd} from '../../../../source/hw/disk/media/hdd.js';
import {Platter} from '../../../../source/hw/disk/media/platter.js';
import {mediumFlush, mediumRead, mediumWrite} from '../../../../source/hw/disk/medium.js';
import {MediumHarness, second} from './harness.js';

const gibibyte = 2 * 1024 * 1024;
const sectors = 1024 * gibibyte;

function randomReads(depth: number, span: number): number {
	const harness = new MediumHarness((engine) => makeHdd(engine, 'sda', sectors));
	const random = harness.engine.random.stream('test');
	return harness.readRate(depth, 20 * second, () => random.below(span / 8) * 8);
}

describe('the seek curve', () => {
	const platter = new Platter(sectors, armDefaults);
	const track = (cylinder: number) => cylinder * armDefaults.heads;

	test('goes through what the data sheet gives', () => {
		expect(platter.seek(track(10), track(11), false)).toBe(230_000);
		expect(platter.seek(0, track(Math.floor(platter.cylinders / 3)), false)).toBeCloseTo(7_400_000, -4);
		expect(platter.seek(0, track(platter.cylinders - 1), false)).toBe(10_000_000);
		expect(platter.seek(0, track(platter.cylinders - 1), true)).toBe(11_000_000);
	});

	test('never falls with distance', () => {
		let before = 0;
		for (let distance = 0; distance < platter.cylinders; distance += 997) {
			const time = platter.seek(0, track(distance), false);
			expect(time).toBeGreaterThanOrEqual(before);
			before = time;
		}
	});
});

describe('a 7200 rpm disk', () => {
	test('serves 75 to 120 random reads a second over the whole stroke', () => {
		const rate = randomReads(1, sectors);
		expect(rate).toBeGreaterThan(75);
		expect(rate).toBeLessThan(120);
	});

	test('serves about 190 a second within one gibibyte', () => {
		const rate = randomReads(1, gibibyte);
		expect(rate).toBeGreaterThan(170);
		expect(rate).toBeLessThan(215);
	});

	test('serves deeper queues faster, shortest positioning time first', () => {
		const rates = [1, 4, 32].map((depth) => randomReads(depth, sectors));
		expect(rates[1]).toBeGreaterThan(1.3 * rates[0]);
		expect(rates[2]).toBeGreaterThan(1.3 * rates[1]);
	});

	test('leaves nobody waiting much longer than its patience', () => {
		const harness = new MediumHarness((engine) => makeHdd(engine, 'sda', sectors));
		const random = harness.engine.random.stream('test');
		let ended = 0;
		harness.readRate(64, second / 10, () => random.below(gibibyte / 8) * 8);
		const done = harness.medium.done;
		harness.medium.done = (slot, status) => {
			if (slot === 100) {
				ended = harness.engine.now;
			} else {
				done(slot, status);
			}
		};
		const from = harness.engine.now;
		harness.medium.start(mediumRead, sectors - 8, 8, 100, false);
		harness.runFor(2 * second);
		expect(ended - from).toBeGreaterThan(0);
		expect(ended - from).toBeLessThan(armDefaults.patience + 100_000_000);
	});

	test('reads sequentially at the rate of the platter, one request at a time', () => {
		const harness = new MediumHarness((engine) => makeHdd(engine, 'sda', sectors, {bufferLatency: 10_000}));
		let at = 0;
		const rate = harness.readRate(1, second, () => {
			at += 8;
			return at;
		});
		expect(rate * 4096).toBeGreaterThan(0.85 * armDefaults.transferRate);
		expect(rate * 4096).toBeLessThanOrEqual(armDefaults.transferRate * 1.001);
	});

	test('writes back sequential blocks without losing revolutions', () => {
		const harness = new MediumHarness((engine) => makeHdd(engine, 'sda', sectors));
		const page = Buffer.alloc(4096, 1);
		for (let n = 0; n < 2000; n++) {
			harness.medium.writeBytes(n * 8, page, 0, 4096);
			harness.start(mediumWrite, n * 8, 8);
		}

		const flushed = harness.finish(harness.start(mediumFlush)).time;
		expect(flushed).toBeLessThan(1.3 * (((2000 * 4096) / armDefaults.transferRate) * second) + 20_000_000);
	});

	test('is busy as long as its arm works', () => {
		const harness = new MediumHarness((engine) => makeHdd(engine, 'sda', sectors));
		const {time} = harness.finish(harness.start(mediumRead, sectors / 2, 8));
		harness.runFor(second);
		expect(harness.medium.gauges.parts).toHaveLength(1);
		expect(harness.medium.gauges.parts[0].busyNanoseconds).toBe(time);
	});
});
