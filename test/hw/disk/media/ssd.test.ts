/**
The SSD held against an independent queueing model and the bounds that dies and channels set; its write cache, flushes, gauges,
faults and cancelled operations.
*/
import {describe, expect, test} from 'vitest';
import {delay} from '../../../../source/engine/fault-points.js';
import {makeSsd} from '../../../../source/hw/disk/media/ssd.js';
import {
	mediumFlush,
	mediumOkay,
	mediumRead,
	mediumUnrecoveredRead,
	mediumWrite,
} from '../../../../source/hw/disk/medium.js';
import {MediumHarness, second} from './harness.js';

const sectors = 2 * 1024 * 1024 * 16;
const readTime = 75_000;
const transfer = 12_300;
const dies = 64;
const channels = 8;

/** Exact mean value analysis of the closed network: `depth` customers, each visiting a random die, then its channel. */
function meanValueAnalysis(depth: number): number {
	let atDie = 0;
	let atChannel = 0;
	let rate = 0;
	for (let customers = 1; customers <= depth; customers++) {
		const die = readTime * (1 + atDie);
		const channel = transfer * (1 + atChannel);
		rate = customers / (die + channel);
		atDie = (rate * die) / dies;
		atChannel = (rate * channel) / channels;
	}

	return rate * second;
}

function randomReads(depth: number): number {
	const harness = new MediumHarness((engine) => makeSsd(engine, 'nvme0', sectors));
	const random = harness.engine.random.stream('test');
	return harness.readRate(depth, second / 50, () => random.below(sectors / 8) * 8);
}

describe('SSD reads', () => {
	test('one at a time take the die, then the channel: 87.3 microseconds each', () => {
		expect(randomReads(1)).toBeCloseTo(second / (readTime + transfer), -2);
	});

	test.each([2, 4, 8, 16, 32, 64, 128, 256, 512, 1024])('at depth %i lie between the model and the bounds', (depth) => {
		const rate = randomReads(depth);
		const bound = Math.min(
			(depth * second) / (readTime + transfer),
			(dies * second) / readTime,
			(channels * second) / transfer,
		);
		expect(rate).toBeLessThanOrEqual(bound * 1.001);
		expect(rate).toBeGreaterThanOrEqual(0.85 * meanValueAnalysis(depth));
	});

	test('at depth 1024 reach nine tenths of what the channels carry', () => {
		expect(randomReads(1024)).toBeGreaterThanOrEqual((0.9 * channels * second) / transfer);
	});

	test('of neighbouring blocks go to different channels and finish together', () => {
		const harness = new MediumHarness((engine) => makeSsd(engine, 'nvme0', sectors));
		const slot = harness.start(mediumRead, 0, 8 * channels);
		expect(harness.finish(slot).time).toBe(readTime + transfer);
	});

	test('of one die queue for it', () => {
		const harness = new MediumHarness((engine) => makeSsd(engine, 'nvme0', sectors));
		harness.start(mediumRead, 0, 8);
		const slot = harness.start(mediumRead, 8 * dies, 8);
		expect(harness.finish(slot).time).toBe(2 * readTime + transfer);
	});

	test('need two events for 4 KiB', () => {
		const harness = new MediumHarness((engine) => makeSsd(engine, 'nvme0', sectors));
		harness.finish(harness.start(mediumRead, 0, 8));
		expect(harness.engine.executed).toBe(2);
	});

	test('wait behind a program of the same die, and overtake the programs that wait', () => {
		const harness = new MediumHarness((engine) => makeSsd(engine, 'nvme0', sectors));
		const page = Buffer.alloc(4096, 1);
		harness.medium.writeBytes(0, page, 0, 4096);
		harness.medium.writeBytes(8 * dies, page, 0, 4096);
		const slot = harness.start(mediumRead, 16 * dies, 8);
		expect(harness.finish(slot).time).toBe(transfer + 500_000 + readTime + transfer);
	});
});

describe('SSD writes', () => {
	test('are acknowledged from the cache until it is full, then at the rate of programs', () => {
		const blocks = 256;
		const harness = new MediumHarness((engine) => makeSsd(engine, 'nvme0', sectors, {writeCache: blocks * 4096}));
		const page = Buffer.alloc(4096, 1);
		let at = 0;
		for (let n = 0; n < 1024; n++) {
			harness.medium.writeBytes(at, page, 0, 4096);
			harness.start(mediumWrite, at, 8);
			at += 8;
		}

		harness.runFor(5000);
		expect(harness.ended.length).toBeGreaterThanOrEqual(blocks);
		expect(harness.ended.length).toBeLessThanOrEqual(blocks + dies);
		harness.runFor(second);
		expect(harness.ended.length).toBe(1024);
		const programs = harness.ended.filter((ended) => ended.time > 10_000);
		const last = programs.at(-1);
		const ideal = ((1024 - blocks) / dies) * 500_000;
		expect(last?.time).toBeGreaterThan(ideal);
		expect(last?.time).toBeLessThan(1.5 * ideal);
	});

	test('with force unit access are acknowledged when they are programmed', () => {
		const harness = new MediumHarness((engine) => makeSsd(engine, 'nvme0', sectors));
		harness.medium.writeBytes(0, Buffer.alloc(4096, 1), 0, 4096);
		const slot = harness.start(mediumWrite, 0, 8, true);
		expect(harness.finish(slot).time).toBe(transfer + 500_000);
	});

	test('are on stable storage when a flush that came after them is done', () => {
		const harness = new MediumHarness((engine) => makeSsd(engine, 'nvme0', sectors));
		const page = Buffer.alloc(4096, 7);
		for (let n = 0; n < 100; n++) {
			harness.medium.writeBytes(n * 8, page, 0, 4096);
			harness.finish(harness.start(mediumWrite, n * 8, 8));
		}

		harness.finish(harness.start(mediumFlush));
		harness.medium.losePower();
		const found = Buffer.alloc(4096);
		for (let n = 0; n < 100; n++) {
			harness.medium.readBytes(n * 8, found, 0, 4096);
			expect(found.equals(page)).toBe(true);
		}
	});

	test('behind a steady stream of reads reach the flash all the same', () => {
		const harness = new MediumHarness((engine) => makeSsd(engine, 'nvme0', sectors));
		const page = Buffer.alloc(4096, 1);
		harness.readRate(16, second / 100, () => 0);
		harness.medium.writeBytes(0, page, 0, 4096);
		expect(harness.medium.gauges.dirtyBytes).toBe(4096);
		harness.runFor(10_000_000);
		expect(harness.medium.gauges.dirtyBytes).toBe(0);
	});
});

describe('SSD gauges and faults', () => {
	test('busy time of channels and dies is the work they did', () => {
		const harness = new MediumHarness((engine) => makeSsd(engine, 'nvme0', sectors));
		harness.finish(harness.start(mediumRead, 0, 8 * channels));
		harness.runFor(1000);
		expect(harness.medium.gauges.parts.map((part) => part.busyNanoseconds)).toEqual(new Array(channels).fill(transfer));
		expect(harness.medium.gauges.busyNanoseconds).toBe(readTime + transfer);
		expect(harness.medium.gauges.outstanding).toBe(0);
		expect(harness.medium.gauges.sectorsRead).toBe(64);
	});

	test('a slow channel delays its own reads only', () => {
		const harness = new MediumHarness((engine) => makeSsd(engine, 'nvme0', sectors));
		const point = harness.engine.faults.get('medium.channel nvme0:3');
		expect(point).toBeDefined();
		if (point !== undefined) {
			point.armed = {decide: () => delay, value: 5_000_000};
		}

		harness.start(mediumRead, 3 * 8, 8);
		harness.start(mediumRead, 4 * 8, 8);
		harness.runFor(second);
		expect(harness.ended.map((ended) => ended.time)).toEqual([readTime + transfer, readTime + transfer + 5_000_000]);
	});

	test('a read error is reported after the time the read takes', () => {
		const harness = new MediumHarness((engine) => makeSsd(engine, 'nvme0', sectors));
		const point = harness.engine.faults.get('medium.read nvme0');
		if (point !== undefined) {
			point.armed = {decide: (sector) => (sector === 8 ? 3 : 0), value: 0};
		}

		expect(harness.finish(harness.start(mediumRead, 0, 8)).status).toBe(mediumOkay);
		expect(harness.finish(harness.start(mediumRead, 8, 8))).toMatchObject({
			status: mediumUnrecoveredRead,
			time: 2 * (readTime + transfer),
		});
	});

	test('a lost command hangs until it is cancelled', () => {
		const harness = new MediumHarness((engine) => makeSsd(engine, 'nvme0', sectors));
		const point = harness.engine.faults.get('medium.command nvme0');
		if (point !== undefined) {
			point.armed = {decide: () => 1, value: 0};
		}

		const slot = harness.start(mediumRead, 0, 8);
		harness.runFor(second);
		expect(harness.ended).toEqual([]);
		expect(harness.medium.gauges.oldestSince).toBe(0);
		expect(harness.medium.cancel(slot)).toBe(true);
		expect(harness.medium.gauges.outstanding).toBe(0);
	});

	test('a reset forgets what was under way; the slots are free at once', () => {
		const harness = new MediumHarness((engine) => makeSsd(engine, 'nvme0', sectors));
		for (let slot = 0; slot < 300; slot++) {
			harness.medium.start(mediumRead, slot * 8, 8, slot, false);
		}

		harness.runFor(80_000);
		const before = harness.ended.length;
		harness.medium.cancelAll();
		harness.medium.start(mediumRead, 8, 8, 5, false);
		harness.runFor(second);
		expect(harness.ended.length).toBe(before + 1);
		expect(harness.ended.at(-1)?.slot).toBe(5);
	});
});
