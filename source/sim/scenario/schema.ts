/**
The shape of a scenario file: which keys there are and what each may hold. What one value alone can tell is checked here;
what takes two (a disk's target, a job's size) in build.ts. Keys follow xl.cfg(5) for domains and fio(1) for jobs.
*/
import {z} from 'zod';
import {expectationSchema} from './expectation.js';
import {reservedNames} from './metric.js';
import {Refused} from './problems.js';
import {recordingSchema} from './recording.js';
import {bridges, lan, laterNetWords, mac, netJobShape, vif} from './schema-network.js';
import {timelineLineSchema} from './timeline.js';
import {gibibyte, mebibyte, microsecond, millisecond, parseSize, second} from './units.js';
import {architectures, readWriteWords, verifyWords} from './vocabulary.js';
import {asWord, duration, flag, integer, name, named, oneOf, prose, scalar, size, strict, word} from './words.js';

const driverDomains = `it is the driver domain's: driver_domains: { diskdd: { pci: [nvme0] } }`;

/** A block larger than the device takes in one request (44 KiB on a ring) becomes several, as in a block layer. */
export const largestBlock = 1024 * 1024;

const pci = scalar((value) => {
	const text = asWord(value, 'a PCI address such as "00:04.0"');
	if (!/^[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$/i.test(text)) {
		throw new Refused(`'${text}' is not a PCI address; write bus:device.function such as "00:04.0"`);
	}

	return text.toLowerCase();
});

/** `2GiB`, or with a start: `{start: 1GiB, size: 2GiB}`. */
const partition = z.preprocess(
	(value) => (typeof value === 'object' && value !== null ? value : {size: value}),
	strict({start: size(0).optional(), size: size(0, mebibyte, 2048 * gibibyte, 'a partition has 1MiB to 2TiB')}),
);

const dataRate = scalar((value) => {
	if (typeof value !== 'string' || !/B?\/s$/.test(value)) {
		throw new Refused(`expected a rate such as 333MB/s, got '${String(value)}'`);
	}

	const amount = value.slice(0, value.lastIndexOf('/'));
	// Rates of media are written in powers of 1000, as their makers do.
	const match = /^(\d{1,9}(?:\.\d{1,3})?) ?([kMG]?)B$/.exec(amount);
	if (match === null) {
		throw new Refused(`'${value}' is not a rate; write bytes per second such as 333MB/s`);
	}

	const rate = Math.round(
		Number(match[1]) * {'': 1, k: 1000, M: 1_000_000, G: 1_000_000_000}[match[2] as '' | 'k' | 'M' | 'G'],
	);
	if (rate < 1000 || rate > 100_000_000_000) {
		throw new Refused(`'${value}' is out of range; it goes from 1kB/s to 100GB/s`);
	}

	return rate;
});

const device = strict({
	model: oneOf(['nvme', '82540EM']),
	pci,
	medium: oneOf(['ssd', 'hdd']).optional(),
	iommu: flag().optional(),
	capacity: size(0, mebibyte, 2048 * gibibyte, 'a disk has 1MiB to 2TiB').optional(),
	write_cache: scalar((value) => (value === 'off' || value === false ? 0 : parseSize(value, 0))).optional(),
	channels: integer(1, 64).optional(),
	chips: integer(1, 64).optional(),
	dies: integer(1, 64).optional(),
	read_latency: duration(0, second).optional(),
	program_latency: duration(0, second).optional(),
	channel_rate: dataRate.optional(),
	rpm: integer(1000, 30_000).optional(),
	seek_track: duration(0, second).optional(),
	seek_average: duration(0, second).optional(),
	seek_full: duration(0, second).optional(),
	transfer_rate: dataRate.optional(),
	partitions: z
		.record(
			scalar((value) => {
				if (!/^p([1-9]|[1-9]\d|1[01]\d|12[0-8])$/.test(String(value))) {
					throw new Refused(`'${String(value)}' cannot name a partition; they are p1, p2, …`);
				}

				return String(value);
			}),
			partition,
		)
		.optional(),
	wire: oneOf(['lan', 'none']).optional(),
	mac: mac.optional(),
});

const disk = strict({
	vdev: scalar((value) => {
		const text = asWord(value, 'a vdev such as xvda');
		if (!/^xvd[a-p]$/.test(text)) {
			throw new Refused(`'${text}' is not a vdev; they are xvda to xvdp`);
		}

		return text;
	}),
	target: scalar((value) => asWord(value, 'a target such as nvme0p1').replace(/^\/dev\//, '')),
	access: oneOf(['rw', 'w', 'ro', 'r']).default('rw'),
	backend: word('the domain that serves it, such as diskdd').optional(),
});

const job = strict(
	{
		...netJobShape,
		on: word('a disk or an interface, such as xvda or vif0').optional(),
		ioengine: oneOf(['cpuio'], {
			libaio: 'leave ioengine out for disk jobs',
			io_uring: 'leave ioengine out for disk jobs',
		}).optional(),
		rw: scalar((value) => {
			const text = value === 'readwrite' ? 'rw' : value;
			const known = readWriteWords.find((rw) => rw === text);
			if (known === undefined) {
				throw new Refused(
					`${typeof value === 'string' ? `'${value}'` : 'this'} is not an rw; it is ${readWriteWords.join(', ')}`,
				);
			}

			return known;
		}).optional(),
		rwmixread: integer(0, 100).optional(),
		bs: size(1, 512, largestBlock, `a block has 512 bytes to ${largestBlock / 1024 / 1024}m`).optional(),
		iodepth: integer(1, 1024).optional(),
		offset: size().optional(),
		rate_iops: integer(0, 10_000_000).optional(),
		fsync: integer(0, 1_000_000_000).optional(),
		thinktime: duration(microsecond).optional(),
		thinktime_blocks: integer(1, 1_000_000_000).optional(),
		number_ios: integer(1, 1_000_000_000).optional(),
		verify: oneOf(verifyWords).optional(),
		cpuload: integer(1, 100).optional(),
		cpuchunks: duration(microsecond).optional(),
	},
	laterNetWords,
);

const notModelled = 'it is not modelled; write destroy, restart or preserve';
const shutdownAction = oneOf(['destroy', 'restart', 'preserve'], {
	'rename-restart': notModelled,
	'coredump-destroy': notModelled,
	'coredump-restart': notModelled,
	'soft-reset': notModelled,
});

const bootTime = (standard: number) =>
	duration()
		.refine((ns) => ns <= 600 * second, {message: 'at most 10min'})
		.default(standard);

const domain = strict(
	{
		memory: size(mebibyte, 8 * mebibyte, 64 * gibibyte, 'a domain has 8MiB to 64GiB').optional(),
		maxmem: size(mebibyte, 8 * mebibyte, 64 * gibibyte, 'a domain has 8MiB to 64GiB').optional(),
		vcpus: integer(1, 16).default(1),
		cpu_weight: integer(1, 65_535).default(256),
		cap: integer(0, 1600).default(0),
		on_poweroff: shutdownAction.optional(),
		on_reboot: shutdownAction.optional(),
		on_crash: shutdownAction.optional(),
		disk: z.array(disk).max(16).default([]),
		vif: z.array(vif).max(8).default([]),
		jobs: named('a job', job).default({}),
	},
	{pci: driverDomains, cpus: 'pinning comes later'},
);

const driverDomain = strict({
	memory: size(mebibyte, 8 * mebibyte, 64 * gibibyte, 'a domain has 8MiB to 64GiB').optional(),
	vcpus: integer(1, 16).default(1),
	cpu_weight: integer(1, 65_535).default(256),
	cap: integer(0, 1600).default(0),
	pci: z.array(word('a device such as nvme0')).max(32).default([]),
});

export const scenarioSchema = strict({
	name: name('a scenario'),
	about: prose('about').default(''),
	question: prose('question').default(''),
	arch: oneOf(architectures).default('xen2'),
	seed: integer(0, Number.MAX_SAFE_INTEGER).default(1),
	runtime: duration()
		.refine((ns) => ns >= millisecond, {message: 'runtime must be at least 1ms'})
		.default(60 * second),
	host: strict({
		cpus: integer(1, 16).default(1),
		memory: size(0, 64 * mebibyte, 64 * gibibyte, 'a host has 64MiB to 64GiB').default(4 * gibibyte),
		scheduler: strict({
			tslice: duration()
				.refine((ns) => ns >= millisecond && ns <= second, {message: 'tslice goes from 1ms to 1s'})
				.default(30 * millisecond),
			ratelimit: duration()
				.refine((ns) => ns === 0 || (ns >= 100 * microsecond && ns <= 500 * millisecond), {
					message: 'ratelimit goes from 100us to 500ms, or is 0',
				})
				.default(millisecond),
		}).prefault({}),
		devices: named('a device', device, reservedNames),
		bridges: bridges.optional(),
	}),
	lan: lan.optional(),
	toolstack: strict({
		host_reboot: bootTime(5 * second),
		firmware: bootTime(5 * second),
		xen_boot: bootTime(second),
		domain_zero_boot: bootTime(5 * second),
		guest_boot: bootTime(second),
		guest_shutdown: bootTime(500 * millisecond),
		driver_domain_restart: bootTime(275 * millisecond),
		driver_domain_reconnect: flag().default(true),
	}).prefault({}),
	costs: z.record(z.string(), duration(1, second)).default({}),
	driver_domains: named('a driver domain', driverDomain, reservedNames).optional(),
	domains: named('a domain', domain, reservedNames),
	timeline: z.array(timelineLineSchema).default([]),
	expect: z.array(expectationSchema).default([]),
	recording: recordingSchema.optional(),
});

export type RawScenario = z.output<typeof scenarioSchema>;
export type RawDomain = RawScenario['domains'][string];
export type RawJob = RawDomain['jobs'][string];
export type RawDriverDomain = z.output<typeof driverDomain>;
export type RawDevice = RawScenario['host']['devices'][string];
