/** Bytes and power: what a medium holds is checked against a model that remembers every version of every sector. */
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import type {Engine} from '../../../../source/engine/engine.js';
import type {CachedMedium} from '../../../../source/hw/disk/media/cached-medium.js';
import {makeHdd} from '../../../../source/hw/disk/media/hdd.js';
import {makeSsd} from '../../../../source/hw/disk/media/ssd.js';
import {mediumFlush, mediumRead, mediumWrite} from '../../../../source/hw/disk/medium.js';
import {MediumHarness, second} from './harness.js';

const sectors = 1 << 16;
const span = 64;

/** For each sector the versions written, oldest first, and the oldest that power loss may still bring back. */
class Model {
	readonly versions: number[][] = Array.from({length: span}, () => [0]);
	readonly stable: number[] = new Array(span).fill(0);

	write(sector: number, count: number, version: number): void {
		for (let s = sector; s < sector + count; s++) {
			this.versions[s].push(version);
		}
	}

	/** The newest versions are stable as of `marks`. */
	settle(marks: readonly number[], sector = 0, count = span): void {
		for (let s = sector; s < sector + count; s++) {
			this.stable[s] = Math.max(this.stable[s], marks[s]);
		}
	}

	marks(): number[] {
		return this.versions.map((versions) => versions.length - 1);
	}
}

function fill(page: Buffer, version: number): void {
	for (let at = 0; at < page.length; at += 512) {
		page.fill(version, at, at + 512);
	}
}

const command = fc.oneof(
	{
		weight: 6,
		arbitrary: fc.record({
			what: fc.constant('write' as const),
			sector: fc.integer({min: 0, max: span - 1}),
			count: fc.integer({min: 1, max: 16}),
			through: fc.boolean(),
			aligned: fc.boolean(),
		}),
	},
	{weight: 3, arbitrary: fc.record({what: fc.constant('run' as const), time: fc.integer({min: 0, max: 2_000_000})})},
	{weight: 1, arbitrary: fc.record({what: fc.constant('flush' as const)})},
	{weight: 1, arbitrary: fc.record({what: fc.constant('power' as const)})},
	{weight: 1, arbitrary: fc.record({what: fc.constant('reset' as const)})},
);

describe.each<[string, (engine: Engine) => CachedMedium]>([
	['an SSD', (engine) => makeSsd(engine, 'd', sectors, {writeCache: 8 * 4096, channels: 2, chips: 1, dies: 2})],
	['an SSD without cache', (engine) => makeSsd(engine, 'd', sectors, {writeCache: 0})],
	['a disk', (engine) => makeHdd(engine, 'd', sectors, {writeCache: 8 * 4096})],
])('%s', (_name, make) => {
	test('returns the newest bytes, and after power loss for each sector one version, never older than what was flushed', () => {
		fc.assert(
			fc.property(fc.array(command, {maxLength: 40}), (commands) => {
				const harness = new MediumHarness(make);
				const {medium} = harness;
				const model = new Model();
				const page = Buffer.alloc(16 * 512);
				const found = Buffer.alloc(512);
				const pending = new Map<number, () => void>();
				const end = medium.done;
				medium.done = (slot, status) => {
					end(slot, status);
					pending.get(slot)?.();
					pending.delete(slot);
				};
				let version = 0;
				for (const now of commands) {
					if (now.what === 'write') {
						const sector = now.aligned ? now.sector & ~7 : now.sector;
						const count = Math.min(now.aligned ? 8 : now.count, span - sector);
						version = (version % 250) + 1;
						fill(page, version);
						medium.writeBytes(sector, page, 0, count * 512);
						model.write(sector, count, version);
						const marks = model.marks();
						const slot = harness.start(mediumWrite, sector, count, now.through);
						pending.set(slot, () => {
							if (now.through || !medium.cacheEnabled) {
								model.settle(marks, sector, count);
							}
						});
					} else if (now.what === 'run') {
						harness.runFor(now.time);
					} else if (now.what === 'flush') {
						const marks = model.marks();
						pending.set(harness.start(mediumFlush), () => model.settle(marks));
					} else if (now.what === 'reset') {
						medium.cancelAll();
						pending.clear();
					} else {
						medium.losePower();
						pending.clear();
						for (let sector = 0; sector < span; sector++) {
							medium.readBytes(sector, found, 0, 512);
							const value = found[0];
							expect(found.every((byte) => byte === value)).toBe(true);
							const legal = model.versions[sector].slice(model.stable[sector]);
							expect(legal).toContain(value);
							model.versions[sector] = [value];
							model.stable[sector] = 0;
						}
					}

					for (let sector = 0; sector < span; sector += 5) {
						medium.readBytes(sector, found, 0, 512);
						expect(found[0]).toBe(model.versions[sector].at(-1));
					}
				}

				harness.runFor(10 * second);
				expect(medium.gauges.dirtyBytes).toBe(0);
				expect(pending.size).toBe(0);
				expect(medium.gauges.outstanding).toBe(0);
			}),
			{numRuns: 150},
		);
	});

	test('reads what was never written as zeros, and whole blocks at any offset', () => {
		const harness = new MediumHarness(make);
		const page = Buffer.alloc(8192, 1);
		harness.medium.readBytes(8, page, 512, 4096);
		expect(page.subarray(512, 4608).every((byte) => byte === 0)).toBe(true);
		expect(page[511]).toBe(1);
		expect(page[4608]).toBe(1);
		harness.medium.writeBytes(5, Buffer.alloc(8192, 9), 0, 8192);
		harness.medium.readBytes(5, page, 0, 8192);
		expect(page.every((byte) => byte === 9)).toBe(true);
		harness.finish(harness.start(mediumRead, 5, 16));
	});
});
