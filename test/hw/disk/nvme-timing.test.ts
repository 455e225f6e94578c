/** What a driver that answers at once gets out of a drive, measured at the registers, against a queueing model of the test's own. */
import {describe, expect, it} from 'vitest';
import type {Engine} from '../../../source/engine/engine.js';
import {RandomStream} from '../../../source/engine/random.js';
import {makeHdd} from '../../../source/hw/disk/media/hdd.js';
import {makeSsd} from '../../../source/hw/disk/media/ssd.js';
import type {Medium} from '../../../source/hw/disk/medium.js';
import {defaultTiming} from '../../../source/hw/disk/nvme-options.js';
import {dataFrame, NvmePoker} from '../../support/nvme-poker.js';

const read = 75_000;
const transfer = 12_300;
const dies = 64;
const channels = 8;
/** Doorbell, first byte, 4 KiB over the link, completion. */
const overhead =
	defaultTiming.doorbell + defaultTiming.linkLatency + defaultTiming.linkFourKib + defaultTiming.completion;
const perQueue = 256;

/** Random 4 KiB reads per second at `depth` over the first `blocks` blocks of 4 KiB, after a fifth of `nanoseconds` to settle. */
function measure(makeMedium: (engine: Engine) => Medium, depth: number, nanoseconds: number, blocks: number): number {
	const poker = new NvmePoker({}, makeMedium);
	const random = new RandomStream(3, 'driver');
	const queues = Math.ceil(depth / perQueue);
	let done = 0;
	poker.enableMsix();
	poker.enable();
	for (let id = 1; id <= queues; id++) poker.createQueues(id, 512, 32 + 16 * (id - 1), true, id);
	const submit = (id: number) =>
		poker.place(id, poker.transfer(2, random.below(blocks) * 8, 8, (dataFrame + random.below(1024)) * 4096));
	poker.onVector = (vector) => {
		const id = vector - 0x40;
		if (id === 0) return;
		for (const completion of poker.completions(id)) {
			expect(completion.status).toBe(0);
			done++;
			submit(id);
		}

		poker.ring(id);
	};
	for (let i = 0; i < depth; i++) submit(1 + (i % queues));
	for (let id = 1; id <= queues; id++) poker.ring(id);
	poker.run(Math.floor(nanoseconds / 5));
	done = 0;
	poker.run(nanoseconds);
	return (done * 1e9) / nanoseconds;
}

const ssd = (engine: Engine) => makeSsd(engine, 'nvme0', 1 << 24);
const hdd = (engine: Engine) => makeHdd(engine, 'nvme0', 2 ** 31);

/** A closed network: `depth` customers; a delay, a random die, its channel; first come first served. Reads per second. */
function model(depth: number, reads: number): number {
	const random = new RandomStream(7, 'model');
	const dieFree = new Array<number>(dies).fill(0);
	const channelFree = new Array<number>(channels).fill(0);
	/** Latest first. Kind 0 arrives at its die, 1 leaves it, 2 leaves the channel. */
	const events: {time: number; kind: 0 | 1 | 2; die: number}[] = [];
	const schedule = (time: number, kind: 0 | 1 | 2, die: number) => {
		let from = 0;
		let to = events.length;
		while (from < to) {
			const middle = (from + to) >> 1;
			if (events[middle].time > time) from = middle + 1;
			else to = middle;
		}

		events.splice(from, 0, {time, kind, die});
	};
	for (let i = 0; i < depth; i++) schedule(overhead, 0, random.below(dies));
	const settled = Math.floor(reads / 5);
	let start = 0;
	let now = 0;
	for (let done = 0; done < reads; ) {
		const next = events.pop();
		if (next === undefined) throw new Error('customers never leave');
		const {kind, die} = next;
		now = next.time;
		if (kind === 0) {
			dieFree[die] = Math.max(dieFree[die], now) + read;
			schedule(dieFree[die], 1, die);
		} else if (kind === 1) {
			const channel = die % channels;
			channelFree[channel] = Math.max(channelFree[channel], now) + transfer;
			schedule(channelFree[channel], 2, die);
		} else {
			if (++done === settled) start = now;
			schedule(now + overhead, 0, random.below(dies));
		}
	}

	return ((reads - settled) * 1e9) / (now - start);
}

describe('an SSD, random 4 KiB reads', () => {
	const blocks = 1 << 21;

	it('depth 1: one over the overhead plus 87.3 µs', () => {
		const measured = measure(ssd, 1, 100_000_000, blocks);
		expect(measured * (overhead + read + transfer)).toBeGreaterThan(0.995e9);
		expect(measured * (overhead + read + transfer)).toBeLessThan(1.005e9);
	});

	it.each([2, 4, 8, 16, 32, 64, 128, 256, 512])(
		'depth %i: below the limits, within 85 percent of the model',
		(depth) => {
			const measured = measure(ssd, depth, 20_000_000, blocks);
			const limit = Math.min(depth / (read + transfer), dies / read, channels / transfer) * 1e9;
			expect(measured).toBeLessThanOrEqual(limit * 1.001);
			expect(measured).toBeGreaterThanOrEqual(0.85 * model(depth, 10_000));
		},
	);

	it('depth 1024: at least 90 % of the model’s ceiling', () => {
		const measured = measure(ssd, 1024, 20_000_000, blocks);
		expect(measured).toBeLessThanOrEqual((channels / transfer) * 1.001e9);
		expect(measured).toBeGreaterThanOrEqual(0.9 * model(1024, 20_000));
	});
});

describe('a 7200 rpm disk, random 4 KiB reads', () => {
	it('depth 1 over the whole stroke: 75 to 120 a second', () => {
		const measured = measure(hdd, 1, 10_000_000_000, 2 ** 28);
		expect(measured).toBeGreaterThan(75);
		expect(measured).toBeLessThan(120);
	});

	it('depth 1 over 1 GiB: about 190', () => {
		const measured = measure(hdd, 1, 10_000_000_000, 2 ** 18);
		expect(measured).toBeGreaterThan(170);
		expect(measured).toBeLessThan(210);
	});

	it('depth 32: more, shortest positioning time first', () => {
		const shallow = measure(hdd, 1, 5_000_000_000, 2 ** 28);
		const deep = measure(hdd, 32, 5_000_000_000, 2 ** 28);
		expect(deep).toBeGreaterThan(1.5 * shallow);
	});
});
