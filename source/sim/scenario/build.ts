/**
From the shape of a file to a Scenario: devices, network, domains and jobs are built, and names in the timeline and in the expectations
are resolved. Whatever cannot exist is reported with its remedy, all of it at once.
*/
import {buildDevices, extentsOf} from './build-device.js';
import {buildDomains, checkMemory, checkSharing} from './build-domain.js';
import {buildDriverDomains, checkBackends} from './build-driver-domains.js';
import type {ReadCapture} from './build-net-job.js';
import {buildLanJobs, buildNetwork} from './build-network.js';
import {checkWrites} from './build-writes.js';
import {checkNetworkMemory} from './check-network-memory.js';
import {buildExpectation} from './expectation.js';
import {isTaken, type Scope} from './metric.js';
import {quoted} from './problems.js';
import {buildRecording} from './recording.js';
import {didYouMean, type ReportAt} from './report.js';
import type {RawScenario} from './schema.js';
import {buildLine, type TimelineLine} from './timeline.js';
import type {BridgeWords, DomainWords, DriverDomainWords, LanWords, NetJob, NicDevice, Scenario} from './types.js';
import {gibibyte} from './units.js';

/** Lines with `when`: every one is looked at again and again. */
const mostConditions = 64;

/** @param costNames names of the costs that may be overridden; undefined admits any. */
export function buildScenario(
	raw: RawScenario,
	source: Readonly<Record<string, unknown>>,
	report: ReportAt,
	costNames: readonly string[] | undefined,
	readCapture: ReadCapture,
): Scenario {
	const {disks, nics} = buildDevices(raw, report);
	const extents = extentsOf(disks);
	const network = buildNetwork(raw, nics, report);
	const domains = buildDomains(raw, extents, network, readCapture, report);
	const lan = buildLanJobs(raw, network, readCapture, report);
	const driverDomains = buildDriverDomains(raw, disks, nics, report);
	checkBackends(raw, driverDomains, network.bridges, (target) => extents.get(target)?.device.name, report);
	checkMemory(raw, [domains[0], ...(raw.arch === 'driver-domains' ? driverDomains : []), ...domains.slice(1)], report);
	checkNetworkMemory(raw, domains, driverDomains, nics, network, report);
	if (raw.arch === 'xen1' && raw.host.memory > 4 * gibibyte) {
		report(['host', 'memory'], 'Xen 1.0 names memory by 32 bits: a host under xen1 has at most 4GiB');
	}

	checkSharing(raw, domains, extents, report);
	checkWrites(raw, domains, extents, report);
	if (costNames !== undefined) {
		for (const name of Object.keys(raw.costs)) {
			if (!costNames.includes(name)) {
				report(['costs', name], `unknown cost ${didYouMean(name, costNames)}`, 'key');
			}
		}
	}

	const scope = scopeOf(raw, domains, driverDomains, {nics, bridges: network.bridges, lan}, report);
	return {
		name: raw.name,
		about: raw.about,
		question: raw.question,
		arch: raw.arch,
		seed: raw.seed,
		runtime: raw.runtime,
		host: {
			cpus: raw.host.cpus,
			memory: raw.host.memory,
			scheduler: raw.host.scheduler,
			devices: disks,
			nics,
			bridges: network.bridges,
		},
		lan,
		toolstack: {
			hostReboot: raw.toolstack.host_reboot,
			firmware: raw.toolstack.firmware,
			xenBoot: raw.toolstack.xen_boot,
			domainZeroBoot: raw.toolstack.domain_zero_boot,
			guestBoot: raw.toolstack.guest_boot,
			driverDomainRestart: raw.toolstack.driver_domain_restart,
			driverDomainReconnect: raw.toolstack.driver_domain_reconnect,
			guestShutdown: raw.toolstack.guest_shutdown,
		},
		costs: raw.costs,
		driverDomains,
		domains,
		timeline: buildTimeline(raw, domains, [...disks, ...nics], scope, report),
		expect: raw.expect.flatMap((line, index) => {
			const at = (key: string, message: string) =>
				report(key === '' ? ['expect', index] : ['expect', index, key], message);
			return buildExpectation(line, scope, raw.runtime, at) ?? [];
		}),
		recording: buildRecording(raw.recording),
		source,
	};
}

function scopeOf(
	raw: RawScenario,
	domains: readonly DomainWords[],
	driverDomains: readonly DriverDomainWords[],
	{nics, bridges, lan}: {nics: readonly NicDevice[]; bridges: readonly BridgeWords[]; lan: LanWords | undefined},
	report: ReportAt,
): Scope {
	const vifs = new Map<string, readonly string[]>();
	const jobs = new Map<string, ReadonlyMap<string, NetJob['kind']>>();
	for (const {name, vifs: own, netJobs} of domains) {
		vifs.set(
			name,
			own.map((vif) => vif.name),
		);
		jobs.set(name, new Map(netJobs.map((job) => [job.name, job.kind])));
		for (const job of netJobs) {
			if (isTaken(job.name)) {
				const message = `${quoted(job.name)} cannot name a job; the word has its own meaning in expectations`;
				report(['domains', name, 'jobs', job.name], message, 'key');
			}
		}

		if (bridges.some((bridge) => bridge.name === name) || nics.some((nic) => nic.name === name)) {
			report(['domains', name], `${quoted(name)} is an interface of the host; give the domain another name`, 'key');
		}
	}

	const network = {
		vifs,
		jobs,
		nics: nics.map(({name}) => name),
		bridges: bridges.map(({name}) => name),
		hosts: new Map(lan?.hosts.map((host) => [host.name, new Map(host.jobs.map((job) => [job.name, job.kind]))])),
	};
	let count = 0;
	const faults = raw.timeline.flatMap((line) => (line.fault === undefined ? [] : [line.id ?? `fault-${++count}`]));
	const disksOf = ({disks, jobs}: DomainWords): string[] => [
		...new Set([...disks.map(({vdev}) => vdev), ...jobs.flatMap((job) => (job.kind === 'disk' ? [job.on] : []))]),
	];
	const disksByDomain: (readonly [string, readonly string[]])[] = [
		...domains.map((domain) => [domain.name, disksOf(domain)] as const),
		...driverDomains.map(({name}) => [name, []] as const),
	];
	return {domains: new Map<string, readonly string[]>(disksByDomain), faults, network};
}

function buildTimeline(
	raw: RawScenario,
	domains: readonly DomainWords[],
	devices: readonly {readonly name: string}[],
	scope: Scope,
	report: ReportAt,
): TimelineLine[] {
	const channels = domains.flatMap(({name, disks, vifs}) => [
		...disks.map(({vdev}) => `${name}.${vdev}`),
		...vifs.map((vif) => `${name}.${vif.name}`),
	]);
	const named = {
		channels,
		devices: devices.map(({name}) => name),
		owners: [...scope.domains.keys()],
		runtime: raw.runtime,
	};
	const ids = new Set<string>();
	let fault = 0;
	let conditions = 0;
	return raw.timeline.flatMap((line, index) => {
		const at = (key: string, message: string) =>
			report(key === '' ? ['timeline', index] : ['timeline', index, key], message);
		if (line.when !== undefined && ++conditions === mostConditions + 1) {
			at('when', `more than ${mostConditions} lines with 'when'; each costs time all through the run`);
		}

		const fallbackId = line.fault === undefined ? '' : scope.faults[fault++];
		if (line.fault !== undefined && ids.has(fallbackId)) {
			at('id', `there is a fault ${quoted(fallbackId)} already; give each its own id`);
		}

		ids.add(fallbackId);
		return buildLine(line, {...scope, ...named, fallbackId}, at) ?? [];
	});
}
