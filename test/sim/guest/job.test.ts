/**
A job as fio would run it, on a fake kernel and a disk in memory: depth, arrivals, flushes, pauses, splitting, refusals, errors, and
what it tells the oracle.
*/
import {describe, expect, test} from 'vitest';
import {Job, jobCosts} from '../../../source/sim/guest/job.js';
import {type JobOptions, summaryOf} from '../../../source/sim/guest/job-options.js';
import {Oracle} from '../../../source/sim/guest/oracle.js';
import {
	type BlockLimits,
	flushOperation,
	ioError,
	okay,
	readOperation,
	writeOperation,
} from '../../../source/sim/kernel/block-device.js';
import {FakeKernel} from '../../support/fake-kernel.js';
import {MemoryDisk} from '../../support/memory-disk.js';

const millisecond = 1_000_000;
const second = 1000 * millisecond;

const defaults: JobOptions = {
	name: 'job',
	rw: 'randread',
	rwmixread: 50,
	bs: 4096,
	iodepth: 1,
	offset: 0,
	size: 0,
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

class Bench {
	readonly kernel = new FakeKernel();
	readonly oracle = new Oracle(this.kernel.engine);
	readonly disk: MemoryDisk;

	constructor(limits: Partial<BlockLimits> = {}) {
		this.disk = new MemoryDisk(this.kernel, limits);
	}

	job(options: Partial<JobOptions>, random = 'web/xvda/job'): Job {
		const stream = this.kernel.engine.random.stream(random);
		return new Job(this.kernel, this.disk, {...defaults, ...options}, this.oracle.disk('web', 'xvda'), stream);
	}

	start(options: Partial<JobOptions>): Job {
		const job = this.job(options);
		job.start();
		return job;
	}
}

describe('a job', () => {
	test('keeps its depth in flight and goes round its region', () => {
		const bench = new Bench();
		const job = bench.start({rw: 'write', iodepth: 4, offset: 8192, size: 65_536});
		bench.kernel.run(20 * millisecond);
		expect(bench.disk.mostInFlight).toBe(4);
		expect(job.outstanding).toBe(4);
		expect(job.writes).toBeGreaterThan(100);
		expect(bench.disk.seen.slice(0, 20).map(({sector}) => sector)).toEqual(
			Array.from({length: 20}, (_, n) => 16 + (n % 16) * 8),
		);
		expect(bench.oracle.violations).toBe(0);
	});

	test('reads back and compares what it wrote, sector by sector, whatever the block size', () => {
		for (const bs of [512, 1536, 4096, 12_288, 16_384 + 512]) {
			const bench = new Bench();
			const job = bench.start({rw: 'randrw', iodepth: 8, bs, verify: 'crc32c'});
			bench.kernel.run(100 * millisecond);
			expect(job.reads).toBeGreaterThan(100);
			expect(bench.oracle.sectorsChecked).toBe(job.bytesRead / 512);
			expect(bench.oracle.violations).toBe(0);
			expect(job.violations).toBe(0);
		}
	});

	test('that only writes reads back what it wrote when it verifies, after each pass', () => {
		const bench = new Bench();
		const job = bench.start({rw: 'randwrite', iodepth: 4, size: 16 * 4096, numberIos: 40, verify: 'crc32c'});
		bench.kernel.run(100 * millisecond);
		expect(job.writes).toBe(40);
		expect(job.reads).toBe(40);
		expect(job.state).toBe('ended');
		const {seen} = bench.disk;
		expect(seen.slice(0, 16).every(({operation}) => operation === writeOperation)).toBe(true);
		expect(seen.slice(16, 32).every(({operation}) => operation === readOperation)).toBe(true);
		expect(seen.slice(16, 32).map(({sector}) => sector)).toEqual(seen.slice(0, 16).map(({sector}) => sector));
		expect(bench.oracle.sectorsChecked).toBe(320);
		expect(bench.oracle.violations).toBe(0);
	});

	test('sees a byte that changed behind its back, and zeros where it wrote', () => {
		const bench = new Bench();
		bench.start({rw: 'write', numberIos: 256});
		bench.kernel.run(50 * millisecond);
		bench.disk.data[70_000] ^= 4;
		bench.disk.data.fill(0, 90_112, 90_624);
		const reader = bench.start({rw: 'read', name: 'reader', numberIos: 256});
		bench.kernel.run(50 * millisecond);
		expect(reader.violations).toBe(2);
		expect(bench.kernel.engine.findings.all.map(({kind, text}) => [kind, text])).toEqual([
			['oracle', expect.stringMatching(/web xvda sector 136: .*byte 368 changed: corrupt/)],
			['oracle', expect.stringMatching(/web xvda sector 176: .*found zeros: lost/)],
		]);
	});

	test('notices when a device answers a read without moving the data', () => {
		const bench = new Bench();
		bench.disk.data.copy = () => 0;
		const job = bench.start({rw: 'read', numberIos: 1});
		bench.kernel.run(millisecond);
		expect(job.reads).toBe(1);
		expect(bench.oracle.violations).toBe(8);
	});

	test('splits I/Os that the device does not take whole; latency is that of the last part', () => {
		const bench = new Bench({segments: 11, bytes: 11 * 4096});
		const job = bench.start({rw: 'randrw', bs: 131_072, iodepth: 2, numberIos: 40});
		bench.disk.latency = (count) => (count % 3 === 0 ? 400_000 : 50_000);
		bench.kernel.run(100 * millisecond);
		expect(bench.disk.seen.slice(0, 3).map(({sectors}) => sectors)).toEqual([88, 88, 80]);
		expect(job.reads + job.writes).toBe(40);
		expect(job.state).toBe('ended');
		expect(job.readLatency.quantile(1)).toBeGreaterThan(395_000);
		expect(bench.oracle.violations).toBe(0);
	});

	test('waits for room and forgets nothing when the device is full', () => {
		const bench = new Bench({depth: 3});
		const jobs = [
			bench.job({name: 'a', rw: 'randrw', iodepth: 8, bs: 8192, numberIos: 500}, 'a'),
			bench.job({name: 'b', rw: 'randwrite', iodepth: 8, fsync: 4, numberIos: 500}, 'b'),
		];
		for (const job of jobs) {
			job.start();
		}

		bench.kernel.run(second);
		expect(bench.disk.mostInFlight).toBe(3);
		expect(jobs.map(({state}) => state)).toEqual(['ended', 'ended']);
		expect(jobs.map(({reads, writes}) => reads + writes)).toEqual([500, 500]);
		expect(jobs[1].flushes).toBe(125);
		expect(bench.oracle.violations).toBe(0);
		expect(bench.oracle.disk('web', 'xvda').legal.records).toBe(0);
	});

	test('with rate_iops sends what arrives, whether answers come or not, and counts latency from arrival', () => {
		const bench = new Bench();
		const job = bench.start({rateIops: 1000, rateProcess: 'poisson', iodepth: 4});
		bench.kernel.run(second);
		expect(job.reads).toBeGreaterThan(900);
		expect(job.reads).toBeLessThan(1100);
		expect(job.backlog).toBe(0);
		bench.disk.held = true;
		bench.kernel.run(second / 2);
		expect(job.outstanding).toBe(4);
		expect(job.backlog).toBeGreaterThan(400);
		expect(bench.kernel.now() - job.oldestSince).toBeGreaterThan(490 * millisecond);
		bench.disk.held = false;
		bench.kernel.run(second);
		expect(job.backlog).toBe(0);
		expect(job.readLatency.quantile(990_000)).toBeGreaterThan(400 * millisecond);
	});

	test('with a linear process sends at even intervals', () => {
		const bench = new Bench();
		const job = bench.start({rateIops: 300, iodepth: 4});
		bench.kernel.run(10 * second);
		expect(job.reads).toBeGreaterThanOrEqual(2999);
		expect(job.reads).toBeLessThanOrEqual(3000);
	});

	test('with fsync flushes after that many writes are answered, before the next begins', () => {
		const bench = new Bench();
		const job = bench.start({rw: 'write', iodepth: 2, fsync: 3, numberIos: 12});
		bench.kernel.run(100 * millisecond);
		const {seen} = bench.disk;
		expect(seen.map(({operation}) => operation)).toEqual(
			[0, 1, 2, 3].flatMap(() => [writeOperation, writeOperation, writeOperation, flushOperation]),
		);
		expect(job.flushes).toBe(4);
		expect(job.flushLatency.count).toBe(4);
		expect(job.commitLatency.count).toBe(12);
		// The first of three writes waits for two more and the flush, the last for the flush alone.
		const total = job.writeLatency.total + job.flushLatency.total;
		expect(job.commitLatency.total).toBeGreaterThan(total);
		expect(job.commitLatency.total).toBeLessThan(3 * total);
		bench.oracle.disk('web', 'xvda').powerLost();
		const reader = bench.start({rw: 'read', numberIos: 12});
		bench.kernel.run(100 * millisecond);
		expect(reader.violations).toBe(0);
	});

	test('with fsync=1 a commit takes its write and its flush', () => {
		const bench = new Bench();
		const job = bench.start({rw: 'write', fsync: 1, numberIos: 20});
		bench.kernel.run(100 * millisecond);
		expect(job.commitLatency.count).toBe(20);
		const {total} = job.commitLatency;
		// Between the two the job only has to ask.
		expect(total - job.writeLatency.total - job.flushLatency.total).toBeGreaterThanOrEqual(0);
		expect(total - job.writeLatency.total - job.flushLatency.total).toBeLessThanOrEqual(20 * 2 * jobCosts.submit.ns);
	});

	test('a job that does not flush commits nothing', () => {
		const bench = new Bench();
		const job = bench.start({rw: 'write', numberIos: 20});
		bench.kernel.run(100 * millisecond);
		expect(job.commitLatency.count).toBe(0);
	});

	test('needs no flush from a device without a volatile cache', () => {
		const bench = new Bench({volatileCache: false});
		const job = bench.start({rw: 'write', fsync: 1, numberIos: 5});
		bench.kernel.run(100 * millisecond);
		expect(bench.disk.seen.every(({operation}) => operation === writeOperation)).toBe(true);
		expect(job.flushes).toBe(5);
		expect(job.commitLatency.count).toBe(5);
		expect(job.state).toBe('ended');
	});

	test('with thinktime pauses after its burst has been answered', () => {
		const bench = new Bench();
		const job = bench.start({rw: 'randwrite', iodepth: 8, thinktime: 50 * millisecond, thinktimeBlocks: 64});
		bench.kernel.run(40 * millisecond);
		expect(job.writes).toBe(64);
		expect(job.state).toBe('thinking');
		expect(job.outstanding).toBe(0);
		bench.kernel.run(40 * millisecond);
		expect(job.writes).toBe(128);
	});

	test('begins after startdelay and ends after runtime', () => {
		const bench = new Bench();
		const job = bench.start({startdelay: 10 * millisecond, runtime: 20 * millisecond});
		bench.kernel.run(9 * millisecond);
		expect(job.state).toBe('waiting');
		bench.kernel.run(11 * millisecond);
		expect(job.state).toBe('running');
		const {reads} = job;
		bench.kernel.run(20 * millisecond);
		expect(job.state).toBe('ended');
		expect(job.outstanding).toBe(0);
		expect(job.reads).toBeLessThan(2.2 * reads);
	});

	test('goes on after errors, counts them, and knows that a failed write may have happened', () => {
		const bench = new Bench();
		bench.disk.status = (request) =>
			request.operation !== readOperation && request.sector % 64 === 0 ? ioError : okay;
		const job = bench.start({rw: 'randrw', iodepth: 4});
		bench.kernel.run(100 * millisecond);
		expect(job.errors).toBeGreaterThan(10);
		expect(job.reads + job.writes).toBeGreaterThan(1000);
		expect(bench.oracle.violations).toBe(0);
	});

	test('that is abandoned leaves the oracle ready for either outcome', () => {
		const bench = new Bench();
		const job = bench.start({rw: 'randwrite', iodepth: 32, size: 131_072, fsync: 5});
		bench.kernel.run(3 * millisecond);
		job.abandon();
		bench.kernel.alive = false;
		expect(job.outstanding).toBe(0);
		const disk = bench.oracle.disk('web', 'xvda');
		const first = disk.legal.candidates(0).numbers.length;
		expect(first).toBeGreaterThanOrEqual(1);
		disk.incarnationReset();
	});

	test('refuses what the disk cannot do, and says why', () => {
		const bench = new Bench({logicalBlock: 4096});
		const job = bench.start({bs: 512});
		bench.kernel.run(millisecond);
		expect(job.state).toBe('refused');
		expect(bench.kernel.lines[0]).toMatch(/disk cannot do this: bs 512/);
	});

	test('pays for checksums when it verifies', () => {
		const busy = [undefined, 'crc32c'].map((verify) => {
			const bench = new Bench();
			bench.start({bs: 16_384, numberIos: 100, verify});
			bench.kernel.run(100 * millisecond);
			return bench.kernel.busy;
		});
		expect(busy[1] - busy[0]).toBe(100 * 4 * 1000);
	});

	test('is summed up in the words of fio', () => {
		expect(summaryOf({...defaults})).toBe('randread 4k');
		expect(summaryOf({...defaults, rw: 'write', fsync: 1})).toBe('write 4k fsync=1');
		expect(summaryOf({...defaults, rw: 'randrw', rwmixread: 70, bs: 1 << 20})).toBe('randrw 1m 70% reads');
	});
});
