/**
The report of a run as plain data: what was done and how fast, who used the CPUs, what the rings did, what the checks found, and whether
the scenario's expectations were met. Times are integer nanoseconds of virtual time; nothing in it depends on the
machine it ran on, so the same scenario and seed give the same report to the byte.
*/
import type {Histogram} from '../engine/histogram.js';
import type {DiskSample} from '../sim/host/counters.js';
import {operations} from '../sim/host/meters.js';
import {diskIds, type Sample, takeSample} from '../sim/host/sample.js';
import type {Host} from '../sim/host.js';
import {networkReport} from './report-network.js';
import {
	type ChannelReport,
	type CpuReport,
	type OperationReport,
	type Report,
	type RunFacts,
	reportSchema,
} from './report-types.js';
import {judge} from './report-verdict.js';

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
		jobs: host.workloads.jobs.map((each) => ({
			domain: each.domain,
			job: each.job,
			summary: each.summary,
			on: each.disk,
			operations: [
				...operationReports(sample.job(`${each.domain}/${each.job}`)),
				...(each.isCommitting ? commitReport(each.commits()) : []),
			],
		})),
		disks: diskIds(scenario).map((disk) => ({disk, operations: operationReports(sample.disk(disk))})),
		cpu: cpuReport(host, sample),
		channels: host.boot.channels.map(({id, meter}) =>
			channelReport(id, sample, meter.between(0, engine.now, engine.now)),
		),
		devices: host.boot.devices.map(({name: device, model}) => ({device, model, ...sample.device(device)})),
		network: networkReport(host, sample),
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

/** Its bytes and errors are the writes' and the flushes'. */
function commitReport(latency: Histogram): OperationReport[] {
	return latency.count === 0
		? []
		: [{operation: 'commit', count: latency.count, bytes: 0, errors: 0, ...latencies(latency)}];
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
