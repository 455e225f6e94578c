/**
What a host has counted up to one instant: plain numbers and histograms, by name, so that any window is the difference of two
samples. Taking one reads counters and changes nothing. Everything is cumulative since the host was switched on, except
what is marked a gauge.
*/
import type {Engine} from '../../engine/engine.js';
import type {FaultRules} from '../faults/rules.js';
import type {Oracle} from '../guest/oracle.js';
import type {Scenario} from '../scenario/types.js';
import type {DiskChannel} from './channels.js';
import {
	addDisks,
	type ChannelSample,
	type Counters,
	type DeviceSample,
	type DiskSample,
	type DomainSample,
	type HostSample,
	idleDisk,
	noChannel,
	noDevice,
	noDomain,
} from './counters.js';
import type {NetJobMeter} from './counters-network.js';
import type {HostDevice} from './devices.js';
import type {HostBoot} from './host-boot.js';
import type {Past} from './past.js';
import {LiveNetwork, NetworkSample} from './sample-network.js';

/** What samples are taken of: a Host is one. */
export interface MeasuredHost {
	readonly engine: Engine;
	readonly scenario: Scenario;
	readonly boot: HostBoot;
	readonly past: Past;
	readonly oracle: Oracle;
	readonly rules: FaultRules;
	/** Its jobs, in any order; those that have begun. */
	readonly workloads: {readonly meters: Iterable<JobMeter>; readonly netMeters: Iterable<NetJobMeter>};
}

/** What a running job counts; see sim/guest. */
export interface JobMeter {
	readonly domain: string;
	readonly job: string;
	/** The disk it works on; undefined for a job that burns CPU. */
	readonly disk: string | undefined;
	counts(): DiskSample;
}

/** Counters of one instant, which no longer change. */
export class Sample implements Counters {
	readonly host: HostSample;
	readonly network: NetworkSample;
	readonly #domains = new Map<string, DomainSample>();
	readonly #restarts = new Map<string, number>();
	readonly #disks = new Map<string, DiskSample>();
	readonly #channels = new Map<string, ChannelSample>();
	readonly #devices = new Map<string, DeviceSample>();
	readonly #jobs = new Map<string, DiskSample>();
	readonly #fired = new Map<string, number>();

	constructor(
		from: LiveCounters,
		readonly time: number,
		/** Events executed by then. */
		readonly executed: number,
	) {
		this.host = from.host;
		this.network = new NetworkSample(from.network);
		const {boot, past, rules, workloads, scenario} = from.measured;
		for (const name of new Set([...boot.domains.map((domain) => domain.name), ...past.domains.names])) {
			this.#domains.set(name, from.domain(name));
		}

		for (const name of past.restarts.names) {
			this.#restarts.set(name, from.restarts(name));
		}

		for (const id of new Set([...boot.channels.map((channel) => channel.id), ...past.channels.names])) {
			this.#channels.set(id, from.channel(id));
		}

		for (const id of diskIds(scenario)) {
			this.#disks.set(id, from.disk(id));
		}

		for (const {name} of boot.devices) {
			this.#devices.set(name, from.device(name));
		}

		for (const {domain, job} of workloads.meters) {
			this.#jobs.set(`${domain}/${job}`, from.job(`${domain}/${job}`));
		}

		for (const {options} of rules.all) {
			this.#fired.set(options.id, from.fired(options.id));
		}
	}

	domain(name: string): DomainSample {
		return this.#domains.get(name) ?? noDomain;
	}

	restarts(name: string): number {
		return this.#restarts.get(name) ?? 0;
	}

	disk(id: string): DiskSample {
		return this.#disks.get(id) ?? idleDisk;
	}

	channel(id: string): ChannelSample {
		return this.#channels.get(id) ?? noChannel;
	}

	device(name: string): DeviceSample {
		return this.#devices.get(name) ?? noDevice;
	}

	job(id: string): DiskSample {
		return this.#jobs.get(id) ?? idleDisk;
	}

	fired(id: string): number {
		return this.#fired.get(id) ?? 0;
	}
}

/** Everything a host has counted by now. */
export function takeSample(measured: MeasuredHost): Sample {
	return new Sample(new LiveCounters(measured), measured.engine.now, measured.engine.executed);
}

/** The counters as they are whenever they are asked for. */
export class LiveCounters implements Counters {
	readonly network: LiveNetwork;

	constructor(readonly measured: MeasuredHost) {
		this.network = new LiveNetwork(measured);
	}

	get time(): number {
		return this.measured.engine.now;
	}

	get host(): HostSample {
		const {engine, boot, oracle, past} = this.measured;
		const {xen} = boot;
		let own = 0;
		let idle = 0;
		for (const cpu of xen.cpus.all) {
			// The running step's cost paid so far is the vCPU's, or else Xen's.
			const running = cpu.current === null ? 0 : cpu.unbookedFor(cpu.current);
			own += cpu.xenTime + cpu.unbooked - running;
			idle += cpu.idleTimeAt(engine.now);
		}

		return {
			xen: {...boot.counts, own, idle},
			oracleChecked: oracle.sectorsChecked,
			oracleViolations: oracle.violations,
			sectorsLost: oracle.sectorsLost,
			domainsLost: past.lost,
			outage: past.outageAt(engine.now),
		};
	}

	restarts(name: string): number {
		return this.measured.past.restarts.get(name);
	}

	domain(name: string): DomainSample {
		const {boot, past} = this.measured;
		return boot.domains.find((each) => each.name === name)?.counts ?? past.domains.get(name);
	}

	/** A virtual disk as its frontend sees it; a disk without a frontend as the jobs that use it do. */
	disk(id: string): DiskSample {
		const meter = this.#channel(id)?.meter ?? this.measured.past.knownMeter(id);
		if (meter !== undefined) {
			const {read, write, flush} = meter;
			return {read: read.counts(), write: write.counts(), flush: flush.counts()};
		}

		let sum = idleDisk;
		for (const meter of this.measured.workloads.meters) {
			if (`${meter.domain}.${meter.disk}` === id) {
				sum = addDisks(sum, meter.counts());
			}
		}

		return sum;
	}

	channel(id: string): ChannelSample {
		const {engine, past} = this.measured;
		const {now} = engine;
		const channel = this.#channel(id);
		const meter = channel?.meter ?? past.knownMeter(id);
		if (meter === undefined) {
			return noChannel;
		}

		return {
			...(channel?.counts ?? past.channels.get(id)),
			requests: meter.ring.put,
			responses: meter.answered,
			outstanding: meter.ring.value,
			outstandingIntegral: meter.ring.integral(now),
			fullTime: meter.ring.fullTime(now),
		};
	}

	device(name: string): DeviceSample {
		const {boot} = this.measured;
		const device = boot.devices.find((each) => each.name === name);
		return device === undefined ? noDevice : this.#device(device);
	}

	job(id: string): DiskSample {
		for (const meter of this.measured.workloads.meters) {
			if (`${meter.domain}/${meter.job}` === id) {
				return meter.counts();
			}
		}

		return idleDisk;
	}

	fired(id: string): number {
		let fired = 0;
		for (const rule of this.measured.rules.all) {
			if (rule.options.id === id) {
				fired += rule.fired;
			}
		}

		return fired;
	}

	#device({name, medium}: HostDevice): DeviceSample {
		const {gauges} = medium;
		const driver = this.measured.boot.driverCounts(name);
		return {
			bytesRead: gauges.sectorsRead * 512,
			bytesWritten: gauges.sectorsWritten * 512,
			commands: driver.commands ?? 0,
			interrupts: driver.interrupts ?? 0,
			busy: gauges.busyNanoseconds,
			mediumErrors: gauges.errors,
			driver: {...driver},
		};
	}

	#channel(id: string): DiskChannel | undefined {
		return this.measured.boot.channels.find((each) => each.id === id);
	}
}

/** `web.xvda` for every virtual disk and every disk that jobs use directly, in the scenario's order. */
export function diskIds({domains}: Scenario): string[] {
	const ids = new Set<string>();
	for (const {name, disks, jobs} of domains) {
		for (const {vdev} of disks) {
			ids.add(`${name}.${vdev}`);
		}

		for (const job of jobs) {
			if (job.kind === 'disk') {
				ids.add(`${name}.${job.on}`);
			}
		}
	}

	return [...ids];
}
