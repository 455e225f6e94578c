/** Values of the network's metrics (scenario/metric-network.ts) between two samples of a host's counters. */
import {assert} from '../../engine/assert.js';
import type {NetJob, Scenario} from '../scenario/types.js';
import type {Counters} from './counters.js';
import type {NetJobSample, TrafficSample} from './counters-network.js';
import {latencyValue} from './latency-value.js';

const second = 1_000_000_000;

interface Window {
	readonly earlier: Counters;
	readonly later: Counters;
	/** ns, more than 0. */
	readonly elapsed: number;
}

/** What of a scenario the network's metrics begin with. */
export class NetworkMetrics {
	readonly #nics: ReadonlySet<string>;
	readonly #bridges: ReadonlySet<string>;
	readonly #hosts: ReadonlySet<string>;
	readonly #vifs = new Set<string>();
	readonly #kinds = new Map<string, NetJob['kind']>();

	constructor({host, lan, domains}: Scenario) {
		this.#nics = new Set(host.nics.map(({name}) => name));
		this.#bridges = new Set(host.bridges.map(({name}) => name));
		this.#hosts = new Set(lan?.hosts.map(({name}) => name));
		const places = [...domains.map(({name, netJobs}) => ({name, jobs: netJobs})), ...hostJobs(lan)];
		for (const {name, jobs} of places) {
			for (const job of jobs) {
				this.#kinds.set(`${name}/${job.name}`, job.kind);
			}
		}

		for (const {name, vifs} of domains) {
			for (const vif of vifs) {
				this.#vifs.add(`${name}.${vif.name}`);
			}
		}
	}

	/** The metric's value; undefined when nothing was measured, null when the path is none of the network's. */
	value(path: readonly string[], earlier: Counters, later: Counters): number | undefined | null {
		const [first, second = ''] = path;
		const window = {earlier, later, elapsed: later.time - earlier.time};
		if (this.#nics.has(first)) {
			return nicValue(first, path.slice(1).join('.'), window);
		}

		if (this.#bridges.has(first)) {
			const [before, after] = [earlier.network.bridge(first), later.network.bridge(first)];
			return second === 'drops'
				? after.dropped - before.dropped
				: second === 'forwarded'
					? after.forwarded - before.forwarded
					: after.flooded - before.flooded;
		}

		if (first === 'lan') {
			return this.#lanValue(path, window);
		}

		if (this.#vifs.has(`${first}.${second}`)) {
			return vifValue(`${first}.${second}`, path.slice(2).join('.'), window);
		}

		return this.#kinds.has(`${first}/${second}`) ? this.#jobValue(`${first}/${second}`, path.slice(2), window) : null;
	}

	#lanValue(path: readonly string[], window: Window): number | undefined {
		const [, host, leaf] = path;
		const {earlier, later} = window;
		if (!this.#hosts.has(host)) {
			const [before, after] = [earlier.network.lan, later.network.lan];
			const key = host as keyof typeof before; // The parser admits these four.
			return after[key] - before[key];
		}

		if (this.#kinds.has(`lan.${host}/${leaf}`)) {
			return this.#jobValue(`lan.${host}/${leaf}`, path.slice(3), window);
		}

		return trafficValue(path.slice(2).join('.'), earlier.network.lanHost(host), later.network.lanHost(host), window);
	}

	#jobValue(id: string, leaves: readonly string[], {earlier, later, elapsed}: Window): number | undefined {
		const [before, after] = [earlier.network.netJob(id), later.network.netJob(id)];
		const leaf = leaves.join('.');
		const latency = before.latency.count === 0 ? after.latency : after.latency.since(before.latency);
		switch (`${this.#kinds.get(id)} ${leaf}`) {
			case 'serve rate':
				return elapsed === 0 ? undefined : (latency.count * second) / elapsed;
			case 'serve count':
			case 'ping received':
				return latency.count;
			case 'iperf rate':
				return bits(bytes(after) - bytes(before), elapsed);
			case 'iperf out.rate':
				return bits(after.bytesOut - before.bytesOut, elapsed);
			case 'iperf in.rate':
				return bits(after.bytesIn - before.bytesIn, elapsed);
			case 'iperf bytes':
				return bytes(after) - bytes(before);
		}

		switch (leaf) {
			case 'sent':
			case 'lost':
			case 'retransmits':
			case 'errors':
				return after[leaf] - before[leaf];
		}

		return latencyValue(leaf.replace(/^rtt\./, ''), latency);
	}
}

function hostJobs(lan: Scenario['lan']): {readonly name: string; readonly jobs: readonly NetJob[]}[] {
	return (lan?.hosts ?? []).map(({name, jobs}) => ({name: `lan.${name}`, jobs}));
}

function vifValue(id: string, leaf: string, window: Window): number | undefined {
	const [before, after] = [window.earlier.network.vif(id), window.later.network.vif(id)];
	const since = (key: keyof typeof after) => after[key] - before[key];
	switch (leaf) {
		case 'tx.errors':
			return since('sentErrors');
		case 'tx.drops':
			return since('sentDrops');
		case 'rx.errors':
			return since('receivedErrors');
		case 'rx.drops':
			return since('receivedDrops');
		case 'drops':
			return since('sentDrops') + since('receivedDrops');
		case 'limited':
			return since('limited');
		case 'stalled':
			return since('asleepTime');
		default:
			return trafficValue(leaf, before, after, window);
	}
}

function nicValue(name: string, leaf: string, window: Window): number | undefined {
	const [before, after] = [window.earlier.network.nic(name), window.later.network.nic(name)];
	switch (leaf) {
		case 'rx.errors':
			return after.errors - before.errors;
		case 'rx.missed':
			return after.missed - before.missed;
		case 'interrupts':
			return after.interrupts - before.interrupts;
		default:
			return trafficValue(leaf, before, after, window);
	}
}

function trafficValue(
	leaf: string,
	before: TrafficSample,
	after: TrafficSample,
	{elapsed}: Window,
): number | undefined {
	switch (leaf) {
		case 'tx.rate':
			return bits(after.sentBytes - before.sentBytes, elapsed);
		case 'rx.rate':
			return bits(after.receivedBytes - before.receivedBytes, elapsed);
		case 'tx.bytes':
			return after.sentBytes - before.sentBytes;
		case 'rx.bytes':
			return after.receivedBytes - before.receivedBytes;
		case 'tx.packets':
			return after.sentPackets - before.sentPackets;
		default:
			assert(leaf === 'rx.packets', `there is a metric ${leaf}`);
			return after.receivedPackets - before.receivedPackets;
	}
}

function bytes({bytesOut, bytesIn}: NetJobSample): number {
	return bytesOut + bytesIn;
}

/** Bits per second. */
function bits(count: number, elapsed: number): number | undefined {
	return elapsed === 0 ? undefined : (count * 8 * second) / elapsed;
}
