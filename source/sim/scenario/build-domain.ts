/**
The domains: Domain-0 first, its defaults filled in when the file leaves it out, then the guests in the order of the file. Each
disk finds its target, memory adds up to what the host has, and a partition that somebody writes has one user.
*/
import type {Extent} from './build-device.js';
import {buildJob} from './build-job.js';
import {buildNetJobs, type NetJobPlace, netKindsOf, type ReadCapture} from './build-net-job.js';
import type {Network} from './build-network.js';
import {quoted} from './problems.js';
import {didYouMean, type ReportAt} from './report.js';
import type {RawDomain, RawJob, RawScenario} from './schema.js';
import type {DiskWords, DomainWords, Job} from './types.js';
import {gibibyte, mebibyte, sizeText} from './units.js';

const mostGuests = 32;

export function buildDomains(
	raw: RawScenario,
	extents: ReadonlyMap<string, Extent>,
	network: Network,
	readCapture: ReadCapture,
	report: ReportAt,
): DomainWords[] {
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

	const build = (name: string, domain: RawDomain): DomainWords => {
		const [diskJobs, netJobs] = jobsByKind(domain.jobs);
		const place = {owner: name, interfaces: interfacesOf(name, network), stations: network.stations, readCapture};
		return {
			...buildDomain(name, domain, diskJobs, extents, report),
			vifs: network.vifs.get(name) ?? [],
			netJobs: buildNetJobs(netJobs, ['domains', name, 'jobs'], place, report),
		};
	};
	return [
		build('Domain-0', zero ?? {vcpus: 1, cpu_weight: 256, cap: 0, disk: [], vif: [], jobs: {}}),
		...guests.map(([name, domain]) => build(name, domain)),
	];
}

type RawJobs = Readonly<Record<string, RawJob>>;

/** Those on disks and CPUs, and those that use a network. */
function jobsByKind(jobs: RawJobs): readonly [RawJobs, RawJobs] {
	const entries = Object.entries(jobs);
	const isNet = ([, job]: readonly [string, RawJob]) => netKindsOf(job).length > 0 && job.ioengine === undefined;
	return [Object.fromEntries(entries.filter((entry) => !isNet(entry))), Object.fromEntries(entries.filter(isNet))];
}

/** What jobs of a domain may be on: its vifs; in domain zero the own ports of bridges. */
function interfacesOf(name: string, {vifs, bridges}: Network): NetJobPlace['interfaces'] {
	return name === 'Domain-0'
		? bridges
				.filter(({ip}) => ip !== undefined)
				.map((bridge) => ({name: bridge.name, station: `${name}.${bridge.name}`, ip: bridge.ip}))
		: (vifs.get(name) ?? []).map((vif) => ({name: vif.name, station: `${name}.${vif.name}`, ip: vif.ip}));
}

function buildDomain(
	name: string,
	raw: RawDomain,
	diskJobs: RawJobs,
	extents: ReadonlyMap<string, Extent>,
	report: ReportAt,
): Omit<DomainWords, 'vifs' | 'netJobs'> {
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
	for (const [jobName, job] of Object.entries(diskJobs)) {
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

	for (const key of ['on_poweroff', 'on_reboot', 'on_crash'] as const) {
		if (isZero && raw[key] !== undefined) {
			report([...path, key], 'Domain-0 is the hardware domain: when it ends, the machine is rebooted');
		}
	}

	// What xl.cfg(5) says when a configuration does not.
	const ends = {
		onPoweroff: raw.on_poweroff ?? 'destroy',
		onReboot: raw.on_reboot ?? 'restart',
		onCrash: raw.on_crash ?? 'destroy',
	};
	return {name, memory, maxmem, vcpus: raw.vcpus, cpuWeight: raw.cpu_weight, cap: raw.cap, ...ends, disks, jobs};
}

/** What Xen keeps for itself, and for each domain: shared_info, at most 64 grant frames, room for contiguous memory. Bytes. */
const xenMemory = 8 * 1024 * 1024;
const domainOverhead = 512 * 1024;

export function checkMemory(
	raw: RawScenario,
	domains: readonly Pick<DomainWords, 'name' | 'memory'>[],
	report: ReportAt,
): void {
	if (raw.host.memory % 4096 !== 0) {
		report(['host', 'memory'], 'memory must be a multiple of 4k');
	}

	let sum = xenMemory;
	for (const {name, memory} of domains) {
		sum += memory + domainOverhead;
		if (sum > raw.host.memory) {
			const need = `${sizeText(sum)} with ${name} (Xen's own included), the host has ${sizeText(raw.host.memory)}`;
			const at =
				raw.domains[name] === undefined && name !== 'Domain-0' ? ['host', 'memory'] : ['domains', name, 'memory'];
			report(at, `the domains need ${need}; give the host more memory or the domains less`);
			return;
		}
	}
}

/** A partition that somebody writes belongs to one user, as xl's block script insists. */
export function checkSharing(
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

function unknownTarget(target: string, extents: ReadonlyMap<string, Extent>): string {
	const known = [...extents.keys()];
	const whole = known.filter((name) => name.startsWith(`${target}p`));
	if (whole.length > 0) {
		return `${target} has partitions; name one of them: ${whole.join(', ')}`;
	}

	return `there is no disk or partition ${didYouMean(target, known)}`;
}
