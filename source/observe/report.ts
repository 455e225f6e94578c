/**
The report of a run as plain data: what was done and how fast, who used the CPUs, what the rings did, what the checks found, and whether
the scenario's expectations were met. Times are integer nanoseconds of virtual time; nothing in it depends on the
machine it ran on, so the same scenario and seed give the same report to the byte.
*/
import type {Histogram} from '../engine/histogram.js';
import type {DiskSample} from '../sim/host/counters.js';
import {type OperationName, operations} from '../sim/host/meters.js';
import {diskIds, type Sample, takeSample} from '../sim/host/sample.js';
import type {Host} from '../sim/host.js';
import {
	type CheckedRecording,
	type ExpectationReport,
	type FaultReport,
	type FindingReport,
	judge,
} from './report-verdict.js';

export const reportSchema = 'ringtop.report/1';

/** How a run ended: at its end (the scenario's runtime, or where the recording stopped), earlier by wish, by a signal, by an error. */
export type Ending = 'end' | 'until' | 'interrupted' | 'failed';

export interface RunFacts {
	readonly version: string;
	readonly ending: Ending;
	/** What stopped it, when it failed. */
	readonly failure?: string;
	/** The command line that runs the same again. */
	readonly reproduce: string;
	/** All bytes moved entered the state hash. */
	readonly fullHash: boolean;
}

/** Latencies in nanoseconds; quantiles to within 1/128. */
export interface OperationReport {
	readonly operation: OperationName;
	readonly count: number;
	readonly bytes: number;
	readonly errors: number;
	readonly mean: number;
	readonly p50: number;
	readonly p99: number;
	readonly p999: number;
	readonly max: number;
}

export interface JobReport {
	readonly domain: string;
	readonly job: string;
	/** fio's words: `randread 4k`. */
	readonly summary: string;
	readonly on: string;
	/** From the I/O's arrival (its issue, for a closed loop) to its completion. */
	readonly operations: readonly OperationReport[];
}

export interface DiskReport {
	/** `web.xvda` */
	readonly disk: string;
	/** From blkfront taking a request to its answer. */
	readonly operations: readonly OperationReport[];
}

/** CPU time by who it was for and who executed it, ns. */
export interface CpuReport {
	readonly cpus: number;
	readonly domains: readonly {
		readonly name: string;
		readonly self: number;
		readonly xen: number;
		readonly waited: number;
	}[];
	/** Xen's own work: interrupts, scheduling. */
	readonly xen: number;
	readonly idle: number;
	/** All of the above but `waited`: cpus × time. */
	readonly total: number;
	readonly contextSwitches: number;
	readonly interrupts: number;
	readonly hypercalls: number;
	readonly events: number;
	readonly eventsLost: number;
}

export interface ChannelReport {
	readonly channel: string;
	readonly requests: number;
	readonly responses: number;
	/** Publications by each end; those that notified the other, and those that needed not to. */
	readonly front: {readonly pushes: number; readonly sent: number; readonly heldOff: number};
	readonly back: {readonly pushes: number; readonly sent: number; readonly heldOff: number};
	/** Requests on the ring, averaged over time. */
	readonly meanOutstanding: number;
	readonly mostOutstanding: number;
	/** ns in which every slot was taken; in which the channel slept with work on its ring. */
	readonly full: number;
	readonly asleep: number;
	/** Longest time without an answer while requests waited, ns. */
	readonly outage: number;
}

export interface DeviceReport {
	readonly device: string;
	readonly model: string;
	readonly bytesRead: number;
	readonly bytesWritten: number;
	readonly commands: number;
	readonly interrupts: number;
	/** ns in which at least one operation was under way. */
	readonly busy: number;
	readonly mediumErrors: number;
	/** Everything the driver counted. */
	readonly driver: Readonly<Record<string, number>>;
}

export interface Report {
	readonly schema: typeof reportSchema;
	readonly version: string;
	readonly scenario: string;
	readonly about: string;
	readonly architecture: string;
	readonly seed: number;
	/** Virtual time reached and the scenario's own, ns. */
	readonly time: number;
	readonly runtime: number;
	readonly events: number;
	readonly stateHash: string;
	readonly fullHash: boolean;
	readonly ending: Ending;
	/** False when the run did not come to its end. */
	readonly complete: boolean;
	readonly failure: string | undefined;
	readonly jobs: readonly JobReport[];
	readonly disks: readonly DiskReport[];
	readonly cpu: CpuReport;
	readonly channels: readonly ChannelReport[];
	readonly devices: readonly DeviceReport[];
	readonly oracle: {readonly checked: number; readonly violations: number; readonly lost: number};
	readonly faults: readonly FaultReport[];
	readonly findings: readonly FindingReport[];
	readonly expectations: readonly ExpectationReport[];
	readonly recording: CheckedRecording | undefined;
	/** Named costs that the scenario overrides, ns. */
	readonly costs: Readonly<Record<string, number>>;
	readonly reproduce: string;
	readonly verdict: {
		readonly met: boolean;
		/** Why not, a sentence each. */
		readonly problems: readonly string[];
	};
}

/** The report of a host as it stands. Reads only. */
export function makeReport(host: Host, facts: RunFacts): Report {
	const {scenario, engine} = host;
	const sample = takeSample(host);
	const {host: counted} = sample;
	return {
		schema: reportSchema,
		version: facts.version,
		scenario: scenario.name,
		about: scenario.about,
		architecture: host.architecture.title,
		seed: scenario.seed,
		time: engine.now,
		runtime: scenario.runtime,
		events: engine.executed,
		stateHash: engine.hash.toString(),
		fullHash: facts.fullHash,
		ending: facts.ending,
		complete: facts.ending === 'end',
		failure: facts.failure,
		jobs: host.workloads.jobs.map(({domain, job, disk, summary}) => ({
			domain,
			job,
			summary,
			on: disk,
			operations: operationReports(sample.job(`${domain}/${job}`)),
		})),
		disks: diskIds(scenario).map((disk) => ({disk, operations: operationReports(sample.disk(disk))})),
		cpu: cpuReport(host, sample),
		channels: host.boot.channels.map(({id, meter}) =>
			channelReport(id, sample, meter.between(0, engine.now, engine.now)),
		),
		devices: host.boot.devices.map(({name: device, model}) => ({device, model, ...sample.device(device)})),
		oracle: {checked: counted.oracleChecked, violations: counted.oracleViolations, lost: counted.sectorsLost},
		...judge(host, facts),
		costs: scenario.costs,
		reproduce: facts.reproduce,
	};
}

function operationReports(disk: DiskSample): OperationReport[] {
	return operations.flatMap((operation) => {
		const {latency, bytes, errors} = disk[operation];
		return latency.count === 0 ? [] : [{operation, count: latency.count, bytes, errors, ...latencies(latency)}];
	});
}

function latencies(latency: Histogram): Pick<OperationReport, 'mean' | 'p50' | 'p99' | 'p999' | 'max'> {
	return {
		mean: Math.round(latency.mean),
		p50: latency.quantile(500_000),
		p99: latency.quantile(990_000),
		p999: latency.quantile(999_000),
		max: latency.maximum,
	};
}

function cpuReport({boot, scenario}: Host, sample: Sample): CpuReport {
	const {own, idle, contextSwitches, interrupts, events, eventsLost} = sample.host.xen;
	const domains = [...boot.xen.domains.values()].map(({name}) => {
		const {self, xen, runnable} = sample.domain(name);
		return {name, self, xen, waited: runnable};
	});
	let hypercalls = 0;
	let total = own + idle;
	for (const {name, self, xen} of domains) {
		hypercalls += sample.domain(name).hypercalls;
		total += self + xen;
	}

	const cpus = scenario.host.cpus;
	return {cpus, domains, xen: own, idle, total, contextSwitches, interrupts, hypercalls, events, eventsLost};
}

function channelReport(channel: string, sample: Sample, most: {largest: number; silence: number}): ChannelReport {
	const counted = sample.channel(channel);
	const {requestPushes, requestNotifications, responsePushes, responseNotifications} = counted;
	return {
		channel,
		requests: counted.requests,
		responses: counted.responses,
		front: {pushes: requestPushes, sent: requestNotifications, heldOff: requestPushes - requestNotifications},
		back: {pushes: responsePushes, sent: responseNotifications, heldOff: responsePushes - responseNotifications},
		meanOutstanding: sample.time === 0 ? 0 : Math.round((1000 * counted.outstandingIntegral) / sample.time) / 1000,
		mostOutstanding: most.largest,
		full: counted.fullTime,
		asleep: counted.asleepTime,
		outage: most.silence,
	};
}
