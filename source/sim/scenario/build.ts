/**
From the shape of a file to a Scenario: lays partitions on disks, finds the target of every disk and the disk of every job,
adds up memory, and resolves names in the timeline and the expectations. Whatever cannot exist is reported with its remedy.
*/
import {closest} from '../../engine/closest.js';
import {buildExpectation} from './expectation.js';
import type {Scope} from './metric.js';
import {quoted} from './problems.js';
import {buildRecording} from './recording.js';
import type {RawDevice, RawDomain, RawJob, RawScenario} from './schema.js';
import {buildLine, type TimelineLine} from './timeline.js';
import type {DiskDevice, DiskWords, DomainWords, Job, Partition, Scenario} from './types.js';
import {gibibyte, mebibyte, microsecond, millisecond, sizeText} from './units.js';

const sectorBytes = 512;
/** Partitioning tools leave the first MiB alone. */
const firstPartitionSector = 2048;
const mostGuests = 32;
const ssdTiming = ['channels', 'chips', 'dies', 'read_latency', 'program_latency', 'channel_rate'] as const;
const hddTiming = ['rpm', 'seek_track', 'seek_average', 'seek_full', 'transfer_rate'] as const;
const diskWords = [
	'on',
	'rw',
	'rwmixread',
	'bs',
	'iodepth',
	'size',
	'offset',
	'rate_iops',
	'rate_process',
	'fsync',
	'thinktime',
	'thinktime_blocks',
	'number_ios',
	'verify',
] as const;
const cpuWords = ['cpuload', 'cpuchunks'] as const;

/** Notes a problem at the value, or at the key, of a path of the file; what is there is then left out. */
export type ReportAt = (path: readonly PropertyKey[], message: string, where?: 'value' | 'key') => undefined;

/** Something a disk or a job in Domain-0 may be on. */
interface Extent {
	readonly device: DiskDevice;
	readonly start: number;
	readonly sectors: number;
}

/** @param costNames names of the costs that may be overridden; undefined admits any. */
export function buildScenario(
	raw: RawScenario,
	source: Readonly<Record<string, unknown>>,
	report: ReportAt,
	costNames: readonly string[] | undefined,
): Scenario {
	const devices = buildDevices(raw, report);
	const extents = extentsOf(devices);
	const domains = buildDomains(raw, extents, report);
	checkMemory(raw, domains, report);
	checkSharing(raw, domains, extents, report);
	if (costNames !== undefined) {
		for (const name of Object.keys(raw.costs)) {
			if (!costNames.includes(name)) {
				report(['costs', name], `unknown cost ${didYouMean(name, costNames)}`, 'key');
			}
		}
	}

	const scope = scopeOf(raw, domains);
	return {
		name: raw.name,
		about: raw.about,
		question: raw.question,
		arch: raw.arch,
		seed: raw.seed,
		runtime: raw.runtime,
		host: {cpus: raw.host.cpus, memory: raw.host.memory, scheduler: raw.host.scheduler, devices},
		costs: raw.costs,
		domains,
		timeline: buildTimeline(raw, domains, scope, report),
		expect: raw.expect.flatMap((line, index) => {
			const at = (key: string, message: string) =>
				report(key === '' ? ['expect', index] : ['expect', index, key], message);
			return buildExpectation(line, scope, raw.runtime, at) ?? [];
		}),
		recording: buildRecording(raw.recording),
		source,
	};
}

function buildDevices(raw: RawScenario, report: ReportAt): DiskDevice[] {
	const addresses = new Map<string, string>();
	const devices: DiskDevice[] = [];
	for (const [name, device] of Object.entries(raw.host.devices)) {
		const path = ['host', 'devices', name];
		if (!/^nvme\d{1,2}$/.test(name)) {
			report(path, `${quoted(name)} cannot name a disk; they are nvme0, nvme1, …`);
		}

		const other = addresses.get(device.pci);
		if (other !== undefined) {
			report([...path, 'pci'], `${device.pci} is ${other}'s address already; give each device its own`);
		}

		addresses.set(device.pci, name);
		devices.push(buildDevice(name, device, path, report));
	}

	if (devices.length === 0) {
		report(['host', 'devices'], 'a host needs a disk, such as nvme0: {model: nvme, pci: "00:04.0"}');
	}

	return devices;
}

function buildDevice(name: string, device: RawDevice, path: readonly string[], report: ReportAt): DiskDevice {
	for (const key of device.medium === 'ssd' ? hddTiming : ssdTiming) {
		if (device[key] !== undefined) {
			report(
				[...path, key],
				`${quoted(key)} is about ${device.medium === 'ssd' ? 'an hdd' : 'an ssd'}, and ${name} is an ${device.medium}`,
				'key',
			);
		}
	}

	const partitions: (Partition & {key: string})[] = [];
	let next = firstPartitionSector;
	for (const [key, {start, size}] of Object.entries(device.partitions)) {
		const at = [...path, 'partitions', key];
		if (size % 4096 !== 0 || (start ?? 0) % 4096 !== 0) {
			report(at, `partition ${key} must start and end at multiples of 4k`);
		}

		const partition = {
			key,
			name: name + key,
			start: start === undefined ? next : start / sectorBytes,
			sectors: size / sectorBytes,
		};
		const over = partitions.find(
			(one) => one.start < partition.start + partition.sectors && partition.start < one.start + one.sectors,
		);
		if (over !== undefined) {
			report(at, `partition ${key} overlaps ${over.key}; leave start out and it follows the one before`);
		}

		next = Math.max(next, partition.start + partition.sectors);
		partitions.push(partition);
	}

	const standard = device.medium === 'ssd' ? Math.max(64 * gibibyte, next * sectorBytes + mebibyte) : 1_000_204_886_016;
	const capacity = device.capacity ?? standard;
	const last = partitions.find(({start, sectors}) => (start + sectors) * sectorBytes > capacity);
	if (last !== undefined) {
		report(
			[...path, 'partitions', last.key],
			`partition ${last.key} ends beyond the disk; capacity is ${sizeText(capacity)}`,
		);
	}

	if (capacity % 4096 !== 0) {
		report([...path, 'capacity'], 'capacity must be a multiple of 4k');
	}

	return {
		name,
		model: device.model,
		pci: device.pci,
		medium: device.medium,
		iommu: device.iommu,
		sectors: capacity / sectorBytes,
		writeCache: device.write_cache,
		timing: {
			channels: device.channels,
			chips: device.chips,
			dies: device.dies,
			readLatency: device.read_latency,
			programLatency: device.program_latency,
			channelRate: device.channel_rate,
			rpm: device.rpm,
			seekTrack: device.seek_track,
			seekAverage: device.seek_average,
			seekFull: device.seek_full,
			transferRate: device.transfer_rate,
		},
		partitions: partitions.map(({name, start, sectors}) => ({name, start, sectors})),
	};
}

/** Every name a disk's target may have. A disk with partitions is used through them. */
function extentsOf(devices: readonly DiskDevice[]): ReadonlyMap<string, Extent> {
	const extents = new Map<string, Extent>();
	for (const device of devices) {
		if (device.partitions.length === 0) {
			extents.set(device.name, {device, start: 0, sectors: device.sectors});
		}

		for (const {name, start, sectors} of device.partitions) {
			extents.set(name, {device, start, sectors});
		}
	}

	return extents;
}

function buildDomains(raw: RawScenario, extents: ReadonlyMap<string, Extent>, report: ReportAt): DomainWords[] {
	const written = Object.entries(raw.domains);
	const zero = written.find(([name]) => name === 'Domain-0')?.[1];
	const guests = written.filter(([name]) => name !== 'Domain-0');
	for (const [name] of guests) {
		if (/^(dom(ain)?[-_ ]?(0|zero))$/i.test(name)) {
			report(['domains', name], `domain zero is called Domain-0, not ${quoted(name)}`);
		}
	}

	if (guests.length > mostGuests) {
		report(
			['domains', guests[mostGuests][0]],
			`a host runs at most ${mostGuests} guests, this one has ${guests.length}`,
		);
	}

	return [
		buildDomain('Domain-0', zero ?? {vcpus: 1, cpu_weight: 256, cap: 0, disk: [], jobs: {}}, extents, report),
		...guests.map(([name, domain]) => buildDomain(name, domain, extents, report)),
	];
}

function buildDomain(
	name: string,
	raw: RawDomain,
	extents: ReadonlyMap<string, Extent>,
	report: ReportAt,
): DomainWords {
	const path = ['domains', name];
	const isZero = name === 'Domain-0';
	const disks: DiskWords[] = [];
	if (isZero && raw.disk.length > 0) {
		report([...path, 'disk'], 'Domain-0 has no virtual disks; its jobs name partitions, such as on: nvme0p3');
	}

	for (const [index, {vdev, target, access}] of raw.disk.entries()) {
		const at = [...path, 'disk', index];
		const extent = extents.get(target);
		if (disks.some((disk) => disk.vdev === vdev)) {
			report([...at, 'vdev'], `${name} has ${vdev} already; give each disk its own vdev`);
		} else if (extent === undefined) {
			report([...at, 'target'], unknownTarget(target, extents));
		} else {
			const {device, start, sectors} = extent;
			disks.push({
				vdev,
				target,
				device: device.name,
				start,
				sectors,
				access: access === 'ro' || access === 'r' ? 'ro' : 'rw',
			});
		}
	}

	const memory = raw.memory ?? (isZero ? gibibyte : 256 * mebibyte);
	const maxmem = raw.maxmem ?? memory;
	if (maxmem < memory) {
		report([...path, 'maxmem'], `maxmem ${sizeText(maxmem)} is less than memory ${sizeText(memory)}`);
	}

	if (memory % 4096 !== 0) {
		report([...path, 'memory'], 'memory must be a multiple of 4k');
	}

	if (raw.cap > raw.vcpus * 100) {
		report([...path, 'cap'], `cap ${raw.cap} is more than ${raw.vcpus} vCPU can use; it is in percent of one CPU`);
	}

	const jobs: Job[] = [];
	for (const [jobName, job] of Object.entries(raw.jobs)) {
		const built = buildJob(jobName, job, [...path, 'jobs', jobName], name, disks, raw.disk.length, extents, report);
		if (built !== undefined) {
			jobs.push(built);
		}
	}

	const buffers = jobs.reduce((sum, job) => sum + (job.kind === 'disk' ? job.bs * job.iodepth : 0), 0);
	if (buffers > memory / 2) {
		report(
			[...path, 'memory'],
			`${name}'s jobs keep ${sizeText(buffers)} in flight; memory must be at least twice that`,
		);
	}

	return {name, memory, maxmem, vcpus: raw.vcpus, cpuWeight: raw.cpu_weight, cap: raw.cap, disks, jobs};
}

function buildJob(
	name: string,
	raw: RawJob,
	path: readonly PropertyKey[],
	domain: string,
	disks: readonly DiskWords[],
	disksWritten: number,
	extents: ReadonlyMap<string, Extent>,
	report: ReportAt,
): Job | undefined {
	const common = {name, startdelay: raw.startdelay ?? 0, runtime: raw.runtime ?? 0};
	const isCpu = raw.ioengine === 'cpuio';
	const strange = (isCpu ? diskWords : cpuWords).find((key) => raw[key] !== undefined);
	if (strange !== undefined) {
		return report(
			[...path, strange],
			isCpu
				? `${quoted(strange)} is about disks; ioengine: cpuio burns CPU only`
				: `${quoted(strange)} needs ioengine: cpuio`,
			'key',
		);
	}

	if (isCpu) {
		if (raw.cpuload === undefined) {
			return report([...path, 'ioengine'], 'cpuio needs a cpuload in percent, such as cpuload: 100');
		}

		const cpuchunks = raw.cpuchunks ?? 50 * millisecond;
		return cpuchunks < 10 * microsecond || cpuchunks > 1000 * millisecond
			? report([...path, 'cpuchunks'], 'cpuchunks goes from 10us to 1s')
			: {...common, kind: 'cpu', cpuload: raw.cpuload, cpuchunks};
	}

	const on = raw.on?.replace(/^\/dev\//, '') ?? disks[0]?.vdev;
	if (on === undefined) {
		// A disk that was written but refused has been reported where it stands.
		return disksWritten > 0
			? undefined
			: report(
					path,
					domain === 'Domain-0'
						? `say which partition: on: ${[...extents.keys()][0] ?? 'nvme0p1'}`
						: `${domain} has no disk for this job; add a disk: list`,
				);
	}

	const disk = disks.find(({vdev}) => vdev === on);
	const extent = domain === 'Domain-0' ? extents.get(on) : disk;
	if (extent === undefined) {
		const known = domain === 'Domain-0' ? [...extents.keys()] : disks.map(({vdev}) => vdev);
		return disksWritten > disks.length
			? undefined
			: report([...path, 'on'], `${domain} has no disk ${didYouMean(on, known)}`);
	}

	const rw = raw.rw ?? 'read';
	const writes = rw !== 'read' && rw !== 'randread';
	if (writes && disk?.access === 'ro') {
		return report([...path, 'rw'], `${on} is read-only (access: ro); this job writes`);
	}

	const bs = raw.bs ?? 4096;
	const offset = raw.offset ?? 0;
	const room = extent.sectors * sectorBytes;
	if (bs % sectorBytes !== 0 || offset % sectorBytes !== 0) {
		return report(
			[...path, bs % sectorBytes === 0 ? 'offset' : 'bs'],
			'a disk moves whole sectors: write a multiple of 512',
		);
	}

	const wanted = raw.size ?? room - offset;
	if (offset + wanted > room || offset >= room) {
		const key = raw.size === undefined ? 'offset' : 'size';
		return report(
			[...path, key],
			`the job ends at ${sizeText(offset + Math.max(wanted, bs))}, ${on} at ${sizeText(room)}`,
		);
	}

	const size = wanted - (wanted % bs);
	if (size === 0) {
		return report(
			[...path, raw.size === undefined ? 'offset' : 'size'],
			`there is no room for one block of ${sizeText(bs)}`,
		);
	}

	for (const [key, needs] of [
		['thinktime_blocks', 'thinktime'],
		['rate_process', 'rate_iops'],
	] as const) {
		if (raw[key] !== undefined && (raw[needs] ?? 0) === 0) {
			return report([...path, key], `${quoted(key)} has no effect without ${needs}`);
		}
	}

	for (const key of ['fsync', 'verify'] as const) {
		if (raw[key] !== undefined && raw[key] !== 0 && !writes) {
			return report([...path, key], `${quoted(key)} is about writes; this job only reads`);
		}
	}

	if (raw.rwmixread !== undefined && rw !== 'rw' && rw !== 'randrw') {
		return report([...path, 'rwmixread'], `'rwmixread' mixes reads and writes; it goes with rw: randrw or rw`);
	}

	return {
		...common,
		kind: 'disk',
		on,
		rw,
		rwmixread: raw.rwmixread ?? 50,
		bs,
		iodepth: raw.iodepth ?? 1,
		offset,
		size,
		rateIops: raw.rate_iops ?? 0,
		rateProcess: raw.rate_process ?? 'linear',
		fsync: raw.fsync ?? 0,
		thinktime: raw.thinktime ?? 0,
		thinktimeBlocks: raw.thinktime_blocks ?? 1,
		numberIos: raw.number_ios ?? 0,
		verify: raw.verify,
	};
}

function checkMemory(raw: RawScenario, domains: readonly DomainWords[], report: ReportAt): void {
	if (raw.host.memory % 4096 !== 0) {
		report(['host', 'memory'], 'memory must be a multiple of 4k');
	}

	let sum = 0;
	for (const {name, memory} of domains) {
		sum += memory;
		if (sum > raw.host.memory) {
			const need = `${sizeText(sum)} with ${name}, the host has ${sizeText(raw.host.memory)}`;
			report(['domains', name, 'memory'], `the domains need ${need}; give the host more memory or the domains less`);
			return;
		}
	}
}

/** A partition that somebody writes belongs to one user, as xl's block script insists. */
function checkSharing(
	raw: RawScenario,
	domains: readonly DomainWords[],
	extents: ReadonlyMap<string, Extent>,
	report: ReportAt,
): void {
	const users = new Map<string, {readonly user: string; readonly writes: boolean}>();
	const use = (target: string, user: string, writes: boolean, path: readonly PropertyKey[]): void => {
		const first = users.get(target);
		if (first !== undefined && (first.writes || writes)) {
			report(path, `${target} is ${first.user} already; give each its own partition, or both access: ro`);
		}

		users.set(target, {user: first?.user ?? user, writes: writes || first?.writes === true});
	};

	for (const {name} of domains) {
		for (const [index, {vdev, target, access}] of (raw.domains[name]?.disk ?? []).entries()) {
			if (extents.has(target)) {
				use(target, `${name}'s ${vdev}`, access === 'rw' || access === 'w', ['domains', name, 'disk', index, 'target']);
			}
		}
	}

	const used = new Set<string>();
	for (const job of domains[0].jobs) {
		if (job.kind === 'disk' && users.has(job.on) && !used.has(job.on)) {
			const shared = users.get(job.on);
			const path = ['domains', 'Domain-0', 'jobs', job.name, 'on'];
			report(path, `${job.on} is ${shared?.user} already; give Domain-0 a partition of its own`);
		}

		if (job.kind === 'disk') {
			used.add(job.on);
		}
	}
}

function scopeOf(raw: RawScenario, domains: readonly DomainWords[]): Scope {
	let count = 0;
	const faults = raw.timeline.flatMap((line) => (line.fault === undefined ? [] : [line.id ?? `fault-${++count}`]));
	const disksOf = ({disks, jobs}: DomainWords): string[] => [
		...new Set([...disks.map(({vdev}) => vdev), ...jobs.flatMap((job) => (job.kind === 'disk' ? [job.on] : []))]),
	];
	return {domains: new Map(domains.map((domain) => [domain.name, disksOf(domain)])), faults};
}

function buildTimeline(
	raw: RawScenario,
	domains: readonly DomainWords[],
	scope: Scope,
	report: ReportAt,
): TimelineLine[] {
	const channels = domains.flatMap(({name, disks}) => disks.map(({vdev}) => `${name}.${vdev}`));
	const ids = new Set<string>();
	let fault = 0;
	return raw.timeline.flatMap((line, index) => {
		const at = (key: string, message: string) =>
			report(key === '' ? ['timeline', index] : ['timeline', index, key], message);
		const fallbackId = line.fault === undefined ? '' : scope.faults[fault++];
		if (line.fault !== undefined && ids.has(fallbackId)) {
			at('id', `there is a fault ${quoted(fallbackId)} already; give each its own id`);
		}

		ids.add(fallbackId);
		return buildLine(line, {...scope, channels, runtime: raw.runtime, fallbackId}, at) ?? [];
	});
}

function unknownTarget(target: string, extents: ReadonlyMap<string, Extent>): string {
	const known = [...extents.keys()];
	const whole = known.filter((name) => name.startsWith(`${target}p`));
	if (whole.length > 0) {
		return `${target} has partitions; name one of them: ${whole.join(', ')}`;
	}

	return `there is no disk or partition ${didYouMean(target, known)}`;
}

function didYouMean(word: string, known: readonly string[]): string {
	const near = closest(word, known);
	const all = known.length === 0 ? 'there is none' : `there is ${known.slice(0, 8).join(', ')}`;
	return `${quoted(word)}${near === undefined ? `; ${all}` : `, did you mean ${quoted(near)}?`}`;
}
