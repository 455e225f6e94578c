/**
The oracle: what each sector may hold after writes, failures, resets, flushes and loss of power, rule by rule, and held against a naive
oracle that keeps every version, on random histories.
*/
import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {Engine} from '../../../source/engine/engine.js';
import type {DiskOracle} from '../../../source/sim/guest/disk-oracle.js';
import {Oracle} from '../../../source/sim/guest/oracle.js';
import {NaiveOracle} from './naive-oracle.js';

/** Sectors of the property test: few, so that everything meets everything, and over a block's end. */
const first = 6;
const span = 3;
const rightNow = Number.MAX_SAFE_INTEGER;

function make(): {engine: Engine; oracle: Oracle; disk: DiskOracle} {
	const engine = new Engine(1);
	const oracle = new Oracle(engine);
	return {engine, oracle, disk: oracle.disk('web', 'xvda')};
}

function page(): {bytes: Buffer; words: Int32Array} {
	const words = new Int32Array(1024);
	return {bytes: Buffer.from(words.buffer), words};
}

/** A page that holds, from its first byte on, the given version of each sector. */
function pageOf(disk: DiskOracle, sector: number, versions: readonly number[]): {bytes: Buffer; words: Int32Array} {
	const made = page();
	for (const [i, number] of versions.entries()) {
		if (number !== 0) {
			disk.fill(number, sector + i, 1, made.bytes, made.words, i * 512);
		}
	}

	return made;
}

function write(disk: DiskOracle, sector = 0, sectors = 8): number {
	const number = disk.submitWrite(sector, sectors);
	disk.acknowledge(number, sector, sectors);
	return number;
}

function read(disk: DiskOracle, versions: readonly number[], sector = 0): number {
	const since = disk.submitRead(sector, versions.length);
	const {bytes, words} = pageOf(disk, sector, versions);
	const wrong = disk.check(since, sector, versions.length, bytes, words, 0);
	disk.endRead(since, sector, versions.length);
	return wrong;
}

const eight = (number: number) => new Array<number>(8).fill(number);

describe('the oracle', () => {
	test('expects zeros of what was never written', () => {
		const {disk} = make();
		expect(read(disk, eight(0))).toBe(0);
		write(disk);
		expect(read(disk, eight(0))).toBe(8);
	});

	test('accepts the newest acknowledged write and nothing older', () => {
		const {disk} = make();
		const first = write(disk);
		const second = write(disk);
		expect(read(disk, eight(second))).toBe(0);
		expect(read(disk, eight(first))).toBe(8);
	});

	test('accepts either of two writes that were in flight together, until a read has decided', () => {
		const {disk} = make();
		const a = disk.submitWrite(0, 8);
		const b = disk.submitWrite(0, 8);
		disk.acknowledge(b, 0, 8);
		disk.acknowledge(a, 0, 8);
		expect(read(disk, [a, b, a, b, a, b, a, b])).toBe(0);
		expect(read(disk, [a, a, a, a, b, b, b, b])).toBe(4);
	});

	test('accepts a failed write or what was before it, also after a newer one, until the reset', () => {
		const {disk} = make();
		const before = write(disk);
		const failed = disk.submitWrite(0, 8);
		disk.fail(failed, 0, 8);
		expect(read(disk, eight(before))).toBe(0);
		const after = write(disk);
		expect(read(disk, eight(failed))).toBe(0);
		disk.incarnationReset();
		expect(read(disk, eight(failed))).toBe(0);
		const last = write(disk);
		expect(read(disk, eight(failed))).toBe(8);
		expect(read(disk, eight(after))).toBe(8);
		expect(read(disk, eight(last))).toBe(0);
	});

	test('lets power loss take what no flush has covered, and nothing else', () => {
		const {disk} = make();
		const a = write(disk);
		const b = write(disk);
		disk.endFlush(disk.submitFlush(), true);
		const c = write(disk);
		const d = write(disk);
		expect(read(disk, eight(c))).toBe(8);
		disk.powerLost();
		expect(read(disk, eight(a))).toBe(8);
		expect(read(disk, [b, b, c, c, d, d, d, d])).toBe(0);
		expect(read(disk, [b, b, c, c, d, d, d, d])).toBe(0);
		expect(read(disk, eight(d))).toBe(4);
	});

	test('says whose bytes it found', () => {
		const {engine, oracle, disk} = make();
		const other = oracle.disk('db', 'xvda');
		const old = write(disk);
		const newest = write(disk);
		const foreign = write(other, 16);
		const since = disk.submitRead(0, 8);
		const {bytes, words} = pageOf(disk, 0, [newest, newest, newest, newest, newest, old, 0, newest]);
		other.fill(foreign, 16, 1, bytes, words, 0);
		disk.fill(newest, 5, 1, bytes, words, 512);
		bytes[3 * 512 + 100] ^= 1;
		const torn = page();
		disk.fill(old, 4, 1, torn.bytes, torn.words, 0);
		torn.bytes.copy(bytes, 4 * 512 + 256, 256, 512);
		expect(disk.check(since, 0, 8, bytes, words, 0)).toBe(6);
		expect(oracle.violations).toBe(6);
		expect(oracle.sectorsChecked).toBe(8);
		expect(engine.findings.all.map((finding) => finding.text)).toEqual([
			'web xvda sector 0: expected write 2, found write 1 of db xvda sector 16: misdirected',
			'web xvda sector 1: expected write 2, found write 2 of web xvda sector 5: misdirected',
			'web xvda sector 3: expected write 2, found write 2 with byte 100 changed: corrupt',
			'web xvda sector 4: expected write 2, found write 2 up to byte 256, then another: torn',
			'web xvda sector 5: expected write 2, found write 1: stale',
			'web xvda sector 6: expected write 2, found zeros: lost',
		]);
		expect(engine.findings.all[0]).toMatchObject({kind: 'oracle', parties: ['web', 'xvda'], explainedBy: ''});
	});

	test('sees every flipped bit of a block', () => {
		const {disk} = make();
		const number = write(disk);
		fc.assert(
			fc.property(fc.integer({min: 0, max: 4095}), fc.integer({min: 0, max: 7}), (byte, bit) => {
				const {bytes, words} = pageOf(disk, 0, eight(number));
				bytes[byte] ^= 1 << bit;
				const since = disk.submitRead(0, 8);
				expect(disk.check(since, 0, 8, bytes, words, 0)).toBe(1);
				disk.endRead(since, 0, 8);
			}),
		);
	});

	test('keeps no record of a block whose writes and reads are over', () => {
		const {disk} = make();
		for (let n = 0; n < 1000; n++) {
			const a = disk.submitWrite(0, 8);
			const b = disk.submitWrite(0, 8);
			disk.acknowledge(a, 0, 8);
			disk.acknowledge(b, 0, 8);
			expect(read(disk, eight(b))).toBe(0);
		}

		write(disk);
		expect(disk.legal.records).toBe(0);
	});

	test('stays small, and never cries wolf, when writes of one block overlap for ever', () => {
		const {disk} = make();
		let before = disk.submitWrite(0, 8);
		for (let n = 0; n < 10_000; n++) {
			const next = disk.submitWrite(0, 8);
			disk.acknowledge(before, 0, 8);
			before = next;
		}

		disk.powerLost();
		disk.acknowledge(before, 0, 8);
		expect(read(disk, [1, 2, 17, 500, 5000, 9000, before, 9999])).toBe(0);
	});
});

const sectorAndCount = {
	sector: fc.integer({min: first, max: first + span - 1}),
	count: fc.integer({min: 1, max: span}),
};
const pick = fc.nat();
const commands = fc.array(
	fc.oneof(
		{weight: 6, arbitrary: fc.record({what: fc.constant('write' as const), ...sectorAndCount})},
		{weight: 8, arbitrary: fc.record({what: fc.constant('wrote' as const), ...sectorAndCount})},
		{weight: 5, arbitrary: fc.record({what: fc.constant('acknowledge' as const), pick})},
		{weight: 1, arbitrary: fc.record({what: fc.constant('fail' as const), pick})},
		{weight: 4, arbitrary: fc.record({what: fc.constant('read' as const), ...sectorAndCount})},
		{
			weight: 4,
			arbitrary: fc.record({
				what: fc.constant('answer' as const),
				pick,
				choices: fc.array(fc.record({legal: fc.boolean(), which: fc.nat()}), {minLength: span, maxLength: span}),
			}),
		},
		{weight: 2, arbitrary: fc.record({what: fc.constant('flush' as const)})},
		{weight: 2, arbitrary: fc.record({what: fc.constant('flushed' as const), pick, okay: fc.boolean()})},
		{weight: 2, arbitrary: fc.record({what: fc.constant('power' as const)})},
		{weight: 1, arbitrary: fc.record({what: fc.constant('reset' as const)})},
	),
	{maxLength: 80, size: 'max'},
);

interface Flight {
	readonly id: number;
	readonly naive: number;
	readonly sector: number;
	readonly count: number;
}

/** Every version of every sector is as legal for a read that begins now, and for each read in flight, as the rules say. */
function expectSameLegalVersions(disk: DiskOracle, naive: NaiveOracle, reads: readonly Flight[]): void {
	const next: Flight = {id: rightNow, naive: rightNow, sector: first, count: span};
	for (const moment of [next, ...reads]) {
		for (let sector = moment.sector; sector < moment.sector + moment.count; sector++) {
			const legal = naive.sectors[sector]
				.map((version) => version.number)
				.filter((number) => disk.legal.isLegal(sector, number, moment.id));
			expect(legal).toEqual(naive.legal(sector, moment.naive));
		}
	}
}

function takeOne<T>(from: T[], which: number): T | undefined {
	return from.length === 0 ? undefined : from.splice(which % from.length, 1)[0];
}

describe('any sequence of writes, answers, failures, reads, flushes and losses of power', () => {
	test('is judged as the rules say, version by version', () => {
		fc.assert(
			fc.property(commands, (list) => {
				const {disk} = make();
				const naive = new NaiveOracle(first + span);
				const writes: Flight[] = [];
				const reads: Flight[] = [];
				const flushes: {id: number; naive: number}[] = [];
				for (const now of list) {
					if (now.what === 'wrote') {
						const count = Math.min(now.count, first + span - now.sector);
						const id = disk.submitWrite(now.sector, count);
						naive.submitWrite(id, now.sector, count);
						disk.acknowledge(id, now.sector, count);
						naive.acknowledge(id, now.sector, count);
					} else if (now.what === 'write' || now.what === 'read') {
						const {sector} = now;
						const count = Math.min(now.count, first + span - sector);
						if (now.what === 'write') {
							const id = disk.submitWrite(sector, count);
							naive.submitWrite(id, sector, count);
							writes.push({id, naive: 0, sector, count});
						} else {
							reads.push({id: disk.submitRead(sector, count), naive: naive.tick(), sector, count});
						}
					} else if (now.what === 'acknowledge' || now.what === 'fail') {
						const flight = takeOne(writes, now.pick);
						if (flight !== undefined) {
							disk[now.what](flight.id, flight.sector, flight.count);
							naive[now.what](flight.id, flight.sector, flight.count);
						}
					} else if (now.what === 'answer') {
						const flight = takeOne(reads, now.pick);
						if (flight !== undefined) {
							const versions: number[] = [];
							let wrong = 0;
							for (let i = 0; i < flight.count; i++) {
								const legal = naive.legal(flight.sector + i, flight.naive);
								const all = naive.sectors[flight.sector + i].map((version) => version.number);
								const {legal: good, which} = now.choices[i];
								const from = good ? legal : all;
								versions.push(from[which % from.length]);
								wrong += legal.includes(versions[i]) ? 0 : 1;
							}

							const {bytes, words} = pageOf(disk, flight.sector, versions);
							expect(disk.check(flight.id, flight.sector, flight.count, bytes, words, 0)).toBe(wrong);
							for (let i = 0; i < flight.count; i++) {
								if (naive.legal(flight.sector + i, flight.naive).includes(versions[i])) {
									naive.narrow(flight.sector + i, versions[i], flight.naive);
								}
							}

							disk.endRead(flight.id, flight.sector, flight.count);
						}
					} else if (now.what === 'flush') {
						flushes.push({id: disk.submitFlush(), naive: naive.tick()});
					} else if (now.what === 'flushed') {
						const flush = takeOne(flushes, now.pick);
						if (flush !== undefined) {
							disk.endFlush(flush.id, now.okay);
							naive.endFlush(flush.naive, now.okay);
						}
					} else if (now.what === 'power') {
						for (const flight of reads.splice(0)) {
							disk.endRead(flight.id, flight.sector, flight.count);
						}

						disk.powerLost();
						naive.powerLost();
					} else {
						disk.incarnationReset();
						naive.reset();
					}

					expectSameLegalVersions(disk, naive, reads);
				}
			}),
			{numRuns: 600},
		);
	});
});
