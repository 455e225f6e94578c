/**
What one run gives a comparison of architectures: how fast its jobs were, who used the CPUs, what channels and hypervisor took. All of it
from the run's report and counters; what depends on a knob is marked.
*/
import {takeSample} from '../sim/host/sample.js';
import type {Host} from '../sim/host.js';
import type {Figure, FigureUnit} from './comparison-types.js';
import type {NetJobReport} from './report-network.js';
import type {Report} from './report-types.js';

const second = 1_000_000_000;

interface Latencies {
	readonly p50: number;
	readonly p99: number;
	readonly p999: number;
}

/** @param lines of code that the architecture places in the hypervisor, without blanks and comments. */
export function runFigures(host: Host, report: Report, lines: number): Figure[] {
	return [
		...placement(host, report),
		...diskJobs(report),
		...report.network.netJobs.flatMap((job) => netJob(job, report.time)),
		...cpuFigures(report),
		...channelFigures(host, report),
		...hypervisorFigures(report, lines),
	];
}

function text(name: string, value: string): Figure {
	return {section: '', name, unit: 'text', knob: false, value};
}

function measured(section: string, name: string, unit: FigureUnit, value: number): Figure {
	return {section, name, unit, knob: true, value};
}

function placement({architecture}: Host, {expectations, verdict}: Report): Figure[] {
	const judged = expectations.filter(({met}) => met !== undefined);
	const met = judged.filter((each) => each.met === true).length;
	const outcome = verdict.met === undefined ? 'undecided' : verdict.met ? 'met' : 'NOT MET';
	return [
		text('drivers', architecture.title),
		text('channels', architecture.protocol),
		text('expectations', judged.length === 0 ? outcome : `${outcome}, ${met} of ${judged.length}`),
	];
}

function diskJobs({jobs, time}: Report): Figure[] {
	return jobs.flatMap(({domain, job, on, operations}) =>
		operations.flatMap(({operation, count, ...latencies}) => {
			const name = `${domain}.${on} ${job} ${operation}`;
			return [rate(name, count, time), ...latencyFigures(name, latencies)];
		}),
	);
}

function netJob(job: NetJobReport, time: number): Figure[] {
	const {job: name, kind, count, bytesOut, bytesIn, sent} = job;
	const bits = (way: string, bytes: number): Figure[] =>
		bytes === 0 || time === 0
			? []
			: [measured('Throughput', `${name} ${way}`, 'bits', Math.round((8 * bytes * second) / time))];
	return [
		...(kind === 'pcap' ? [rate(name, sent, time)] : count === 0 ? [] : [rate(name, count, time)]),
		...bits('out', bytesOut),
		...bits('in', bytesIn),
		...(count === 0 ? [] : latencyFigures(name, job)),
	];
}

function rate(name: string, count: number, time: number): Figure {
	return measured('Throughput', name, 'rate', time === 0 ? 0 : (count * second) / time);
}

function latencyFigures(name: string, {p50, p99, p999}: Latencies): Figure[] {
	const figure = (quantile: string, value: number) => measured('Latency', `${name} ${quantile}`, 'time', value);
	return [figure('p50', p50), figure('p99', p99), figure('p99.9', p999)];
}

/** By owner and executor, in percent of one physical CPU. */
function cpuFigures({cpu, time}: Report): Figure[] {
	const share = (name: string, nanoseconds: number) =>
		measured('CPU', name, 'percent', time === 0 ? 0 : (100 * nanoseconds) / time);
	return [
		...cpu.domains.flatMap(({name, self, xen}) => [
			share(`${name}, own code`, self),
			share(`${name}, Xen for it`, xen),
		]),
		share('Xen, own work', cpu.xen),
		share('idle', cpu.idle),
	];
}

function channelFigures(host: Host, {channels, devices, network, cpu}: Report): Figure[] {
	let pushes = 0;
	let sent = 0;
	for (const {front, back} of channels) {
		pushes += front.pushes + back.pushes;
		sent += front.sent + back.sent;
	}

	for (const {frontPushes, frontNotifications, backPushes, backNotifications} of network.vifs) {
		pushes += frontPushes + backPushes;
		sent += frontNotifications + backNotifications;
	}

	let bounces = 0;
	for (const {driver} of devices) {
		bounces += driver.bounces ?? 0;
	}

	const notification = (name: string, count: number) => measured('Notifications', name, 'count', count);
	const copy = (name: string, count: number) => measured('Copies', name, 'count', count);
	return [
		notification('sent', sent),
		notification('held off', pushes - sent),
		notification('hypercalls', cpu.hypercalls),
		notification('interrupts', cpu.interrupts),
		copy('by grant', takeSample(host).host.xen.grantCopies),
		copy('bounced by drivers', bounces),
	];
}

function hypervisorFigures({cpu}: Report, lines: number): Figure[] {
	const time = cpu.domains.reduce((sum, {xen}) => sum + xen, cpu.xen);
	return [
		{section: 'Hypervisor', name: 'lines of code', unit: 'count', knob: false, value: lines},
		measured('Hypervisor', 'time executed there', 'time', time),
	];
}
