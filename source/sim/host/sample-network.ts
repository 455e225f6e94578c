/** What a host's network has counted: read from its parts as they are, or kept as they were at one instant. Changes nothing. */

import {
	type BridgeSample,
	type LanSample,
	type NetJobMeter,
	type NetJobSample,
	type NetworkCounters,
	type NicSample,
	noBridge,
	noLan,
	noNetJob,
	noNic,
	noTraffic,
	noVif,
	type TrafficSample,
	type VifSample,
} from './counters-network.js';
import type {HostBoot} from './host-boot.js';
import {bridgeCounts} from './network.js';
import type {Past} from './past.js';

export interface MeasuredNetwork {
	readonly boot: HostBoot;
	readonly past: Past;
	readonly workloads: {readonly netMeters: Iterable<NetJobMeter>};
}

/** The counters as they are whenever they are asked for. */
export class LiveNetwork implements NetworkCounters {
	constructor(readonly measured: MeasuredNetwork) {}

	vif(id: string): VifSample {
		const {boot, past} = this.measured;
		return boot.network.vifs.find((each) => each.id === id)?.counts ?? past.vifs.get(id);
	}

	nic(name: string): NicSample {
		const {boot} = this.measured;
		const {network} = boot;
		const nic = network.nics.find((each) => each.name === name);
		return nic === undefined ? noNic : {...nic.counts, interrupts: boot.driverCounts(name).interrupts ?? 0};
	}

	bridge(name: string): BridgeSample {
		const {boot, past} = this.measured;
		const found = boot.network.bridges.find(({words}) => words.name === name);
		return found === undefined ? past.bridges.get(name) : bridgeCounts(found);
	}

	lanHost(name: string): TrafficSample {
		const host = this.measured.boot.network.lan?.hosts.find((each) => each.name === name);
		return host === undefined
			? noTraffic
			: {
					sentPackets: host.end.frames,
					sentBytes: host.end.bytes,
					receivedPackets: host.frames,
					receivedBytes: host.bytes,
				};
	}

	get lan(): LanSample {
		const links = this.measured.boot.network.lan?.links ?? [];
		let {lost, corrupted, duplicated, reordered} = noLan;
		for (const {first, second} of links) {
			for (const {impairments} of [first, second]) {
				lost += impairments.lost;
				corrupted += impairments.corrupted;
				duplicated += impairments.duplicated;
				reordered += impairments.heldBack;
			}
		}

		return {lost, corrupted, duplicated, reordered};
	}

	netJob(id: string): NetJobSample {
		for (const meter of this.measured.workloads.netMeters) {
			if (meter.id === id) {
				return meter.counts();
			}
		}

		return noNetJob;
	}
}

/** Counters of one instant, which no longer change. */
export class NetworkSample implements NetworkCounters {
	readonly lan: LanSample;
	readonly #vifs = new Map<string, VifSample>();
	readonly #nics = new Map<string, NicSample>();
	readonly #bridges = new Map<string, BridgeSample>();
	readonly #hosts = new Map<string, TrafficSample>();
	readonly #jobs = new Map<string, NetJobSample>();

	constructor(from: LiveNetwork) {
		const {boot, past, workloads} = from.measured;
		const {network} = boot;
		this.lan = from.lan;
		for (const id of new Set([...network.vifs.map((vif) => vif.id), ...past.vifs.names])) {
			this.#vifs.set(id, from.vif(id));
		}

		for (const {name} of network.nics) {
			this.#nics.set(name, from.nic(name));
		}

		for (const name of new Set([...network.bridges.map(({words}) => words.name), ...past.bridges.names])) {
			this.#bridges.set(name, from.bridge(name));
		}

		for (const {name} of network.lan?.hosts ?? []) {
			this.#hosts.set(name, from.lanHost(name));
		}

		for (const meter of workloads.netMeters) {
			this.#jobs.set(meter.id, meter.counts());
		}
	}

	vif(id: string): VifSample {
		return this.#vifs.get(id) ?? noVif;
	}

	nic(name: string): NicSample {
		return this.#nics.get(name) ?? noNic;
	}

	bridge(name: string): BridgeSample {
		return this.#bridges.get(name) ?? noBridge;
	}

	lanHost(name: string): TrafficSample {
		return this.#hosts.get(name) ?? noTraffic;
	}

	netJob(id: string): NetJobSample {
		return this.#jobs.get(id) ?? noNetJob;
	}
}
